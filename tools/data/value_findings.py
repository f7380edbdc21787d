"""Findings about values and how columns relate: redundancy, drift, odd numbers, forms that need care."""

from __future__ import annotations

from collections.abc import Iterator

from tools.data.profiling import Profile
from tools.data.shifts import LARGE
from tools.records import Finding, FindingKind, Level
from tools.wording import Fact, listed, plural, say

STEP = "preparation.discovery"
HEAVY_TAIL = 3.0
MANY_LEVELS = 100
ONE_LEVEL = 0.95
RARE_NEGATIVE = 0.01


def finding_of(
    kind: FindingKind,
    subject: str,
    level: Level,
    columns: tuple[str, ...],
    template: str,
    action: str = "",
    /,
    **facts: Fact,
) -> Finding:
    """A finding of discovery; its id is ``<kind>.<subject>``."""
    return Finding(
        id=f"{kind}.{subject}",
        step=STEP,
        kind=kind,
        columns=columns,
        level=level,
        text=say(template, **facts),
        action=action,
    )


def relations_findings(profile: Profile) -> Iterator[Finding]:
    """Columns that say what others say."""
    recoded = [relation for relation in profile.relations if relation.kind == "recoded"]
    for relation in recoded[:5]:
        yield finding_of(
            "representation",
            "recoded." + "+".join(relation.columns),
            "info",
            relation.columns,
            "{names} say the same thing in other words",
            "Keep one of them.",
            names=listed(relation.columns),
        )
    for relation in profile.relations:
        if relation.kind == "sum":
            yield finding_of(
                "representation",
                f"sum.{relation.columns[0]}",
                "info",
                relation.columns,
                '"{total}" is the sum of {parts} in every row',
                "Linear models need only the parts.",
                total=relation.columns[0],
                parts=listed(relation.columns[1:]),
            )
    close = [relation for relation in profile.relations if relation.kind == "correlated"]
    if close:
        yield finding_of(
            "representation",
            "correlated",
            "info",
            close[0].columns,
            "{names} nearly repeat one another (correlation {strength|num})"
            if len(close) == 1
            else "{pairs|int} pairs of columns nearly repeat one another, most of all {names} (correlation "
            "{strength|num})",
            pairs=len(close),
            names=listed(close[0].columns),
            strength=round(close[0].strength, 4),
        )


def shifts_findings(profile: Profile) -> Iterator[Finding]:
    """Columns that change along the order of the rows."""
    moved = [shift for shift in profile.shifts if shift.distance >= LARGE]
    order = f'along "{profile.order_column}"' if profile.order_column else "along the order of the rows"
    if moved:
        yield finding_of(
            "shift",
            "order",
            "warn",
            tuple(shift.column for shift in moved),
            '{columns|int} {word} {order}: {names}; most of all "{column}" (distance {distance|ratio} between '
            "first and last fifth)"
            if len(moved) > 1
            else '"{column}" changes {order} (distance {distance|ratio} between first and last fifth)',
            "If the rows are in time order, split by time.",
            columns=len(moved),
            word=plural(len(moved), "column changes", "columns change"),
            order=order,
            names=listed([shift.column for shift in moved], 4),
            column=moved[0].column,
            distance=moved[0].distance,
        )
    constant = [shift.column for shift in profile.shifts if shift.constant_first]
    if constant:
        yield finding_of(
            "shift",
            "constant_first",
            "warn",
            tuple(constant),
            "{names} {word} one value in the first fifth {order} and several later",
            "A model fitted on early rows can't learn from them.",
            names=listed(constant),
            word=plural(len(constant), "holds", "hold"),
            order=order,
        )


def values_findings(profile: Profile) -> Iterator[Finding]:
    """Values that may not mean what they say."""
    for column in profile.columns:
        if column.personal:
            continue
        if column.sentinel is not None:
            yield finding_of(
                "quality",
                f"{column.name}.sentinel",
                "warn",
                (column.name,),
                'in "{column}" the value {value} stands apart ({share|pct} of the rows); it may mean "none"',
                "Say so in source.missing if it is no amount.",
                column=column.name,
                value=column.sentinel,
                share=column.sentinel_share,
            )
        numbers = column.numbers
        if (
            numbers is not None
            and column.type in ("number", "integer")
            and column.sentinel is None
            and 0 < numbers.negatives <= RARE_NEGATIVE * (column.rows - column.missing)
            and numbers.lower_quartile >= 0
            and numbers.whole
        ):
            yield finding_of(
                "quality",
                f"{column.name}.negative",
                "warn",
                (column.name,),
                '"{column}" is below zero in {rows|int} {word} (least {least|num}) and never otherwise',
                "Check whether these are typing errors.",
                column=column.name,
                rows=numbers.negatives,
                word=plural(numbers.negatives, "row"),
                least=numbers.minimum,
            )
    unknown = [column.name for column in profile.columns if column.unknown_words]
    if unknown:
        yield finding_of(
            "quality",
            "unknown",
            "info",
            tuple(unknown),
            'levels such as "{word}" in {names} may stand for missing values',
            "Say so in source.missing if they do.",
            word=next(column.unknown_words[0] for column in profile.columns if column.unknown_words),
            names=listed(unknown),
        )


def forms_findings(profile: Profile) -> Iterator[Finding]:
    """Forms that need care: long tails, many levels, one level, prose, codes."""
    heavy = [
        column
        for column in profile.columns
        if column.role == "number"
        and not column.personal
        and column.numbers is not None
        and abs(column.numbers.skewness or 0.0) > HEAVY_TAIL
    ]
    if heavy:
        worst = max(heavy, key=lambda column: abs((column.numbers.skewness if column.numbers else 0) or 0))
        numbers = worst.numbers
        upwards = numbers is None or (numbers.skewness or 0.0) > 0
        yield finding_of(
            "representation",
            "tails",
            "info",
            tuple(column.name for column in heavy),
            '"{worst}" has a long tail (median {median|num}, {end} {largest|num})'
            if len(heavy) == 1
            else '{columns|int} columns have a long tail, most of all "{worst}" (median {median|num}, {end} '
            "{largest|num})",
            "Trees don't mind; linear models do better on a logarithm or on ranks.",
            columns=len(heavy),
            end="largest" if upwards else "smallest",
            worst=worst.name,
            median=numbers.median if numbers else None,
            largest=(numbers.maximum if upwards else numbers.minimum) if numbers else None,
        )
    wide = [
        column
        for column in profile.columns
        if column.role == "category" and column.distinct > MANY_LEVELS and not column.personal
    ]
    for column in wide[:5]:
        yield finding_of(
            "representation",
            f"{column.name}.levels",
            "info",
            (column.name,),
            '"{column}" has {levels|int} levels; most are too rare to learn from one by one',
            "Group rare levels.",
            column=column.name,
            levels=column.distinct,
        )
    uniform = [
        column
        for column in profile.columns
        if column.role in ("category", "boolean") and column.top_share >= ONE_LEVEL and column.top
    ]
    for column in sorted(uniform, key=lambda column: -column.top_share)[:3]:
        yield finding_of(
            "representation",
            f"{column.name}.uniform",
            "info",
            (column.name,),
            '"{column}" is one level ("{level}") but for {rest|int} {word}'
            if column.top_share >= 0.99
            else '"{column}" is {share|pct} one level ("{level}")',
            column=column.name,
            share=column.top_share,
            level=column.top[0].value,
            rest=(rest := column.rows - column.missing - column.top[0].rows),
            word=plural(rest, "row"),
        )
    texts = [column for column in profile.columns if column.role == "text" and not column.personal]
    if texts:
        yield finding_of(
            "representation",
            "text",
            "info",
            tuple(column.name for column in texts),
            "{names} {word} free text (about {words|int} words)",
            names=listed([column.name for column in texts]),
            word=plural(len(texts), "is", "are"),
            words=round(max(column.words or 0 for column in texts)),
        )
    codes = [column.name for column in profile.columns if column.code and column.role == "number"]
    if codes:
        yield finding_of(
            "representation",
            "codes",
            "info",
            tuple(codes),
            "{names} {word} whole numbers that read like codes, not amounts",
            "Treat them as categories.",
            names=listed(codes),
            word=plural(len(codes), "holds", "hold"),
        )
