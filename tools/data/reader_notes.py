"""What a reader tells of cells: odd texts set to missing, marks read as missing, marks in numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.data.inference import Inferred, quotable
from tools.data.reading import Assumption
from tools.wording import Sentence, inert, listed, plural, say


def odd_cells(inferred: Inferred, lines: NDArray[np.int64] | None) -> list[Sentence]:
    """Texts in a numeric or date column that were set to missing, with the place of the first."""
    told = []
    for text, row in sorted(inferred.odd.items(), key=lambda item: item[1]):
        shown = f'"{inert(text, 40)}"' if quotable(inferred.reading.name) else "a text"
        line = int(lines[row]) if lines is not None else row + 1
        told.append(
            say(
                '"{column}" holds {kind} but for {text} (first on {place} {line|int}), which counts as missing',
                column=inferred.reading.name,
                kind="dates" if inferred.reading.type == "date" else "numbers",
                text=shown,
                place="line" if lines is not None else "row",
                line=line,
            )
        )
    if inferred.unreadable is not None:
        cells, row = inferred.unreadable
        told.append(
            say(
                '{cells|int} {word} of "{column}" (the first on {place} {line|int}) can not be read as {kind} and '
                "{count} as missing",
                cells=cells,
                word=plural(cells, "cell"),
                column=inferred.reading.name,
                place="line" if lines is not None else "row",
                line=int(lines[row]) if lines is not None else row + 1,
                kind=inferred.reading.type,
                count=plural(cells, "counts", "count"),
            )
        )
    return told


def codes(found: list[Inferred]) -> list[Assumption]:
    """One assumption per reason for which digits are kept as text, over all columns so kept."""
    reasons: dict[str, list[str]] = {}
    for inferred in found:
        if inferred.coded and inferred.reading.type == "text":
            reasons.setdefault(inferred.coded, []).append(inferred.reading.name)
    return [
        Assumption(
            what="types",
            value="text",
            column=names[0] if len(names) == 1 else None,
            evidence=say(
                "{names} {verb} digits with {reason}, as codes have, and {stay} text",
                names=listed(names),
                verb=plural(len(names), "holds", "hold"),
                reason=reason,
                stay=plural(len(names), "stays", "stay"),
            ),
        )
        for reason, names in sorted(reasons.items())
    ]


def units(found: list[Inferred]) -> list[Assumption]:
    """One assumption per sign that was taken off numbers, over all columns that have it."""
    names: dict[str, list[str]] = {}
    for inferred in found:
        if inferred.reading.unit:
            names.setdefault(inferred.reading.unit, []).append(inferred.reading.name)
    return [
        Assumption(
            what="unit",
            value=unit,
            column=columns[0] if len(columns) == 1 else None,
            evidence=say(
                '{names} {verb} read as numbers, "{unit}" taken off; source.types says otherwise',
                names=listed(columns),
                verb=plural(len(columns), "is", "are"),
                unit=unit,
            ),
        )
        for unit, columns in sorted(names.items())
    ]


def doubtful_points(found: list[Inferred]) -> list[Assumption]:
    """Columns such as 1.500 and 2.500, in which the mark may stand before decimals or between thousands."""
    doubtful = [inferred.reading for inferred in found if inferred.doubtful]
    made = []
    for use in ("thousands", "decimals"):
        names = [reading.name for reading in doubtful if bool(reading.thousands) == (use == "thousands")]
        if names:
            made.append(
                Assumption(
                    what="decimal",
                    value=use,
                    column=names[0] if len(names) == 1 else None,
                    evidence=say(
                        "in {names} three digits follow every mark; it is taken to set off {use}, and source.decimal "
                        "says otherwise",
                        names=listed(names),
                        use=use,
                    ),
                )
            )
    return made


def missing_marks(found: list[Inferred]) -> list[Assumption]:
    """One assumption per missing mark, over all columns in which it occurs."""
    made = []
    for mark in sorted({mark for inferred in found for mark in inferred.marks}):
        where = [inferred for inferred in found if inferred.marks.get(mark)]
        if not where:
            continue
        where.sort(key=lambda inferred: -inferred.marks[mark])
        made.append(
            Assumption(
                what="missing",
                value=mark,
                column=where[0].reading.name if len(where) == 1 else None,
                evidence=say(
                    'read as missing in {cells|int} {word} of "{most}"; if it is a level, say so in source.missing'
                    if len(where) == 1
                    else 'read as missing in {cells|int} cells of {columns|int} columns, most of all "{most}"; if it '
                    "is a level there, say so in source.missing",
                    cells=(cells := sum(inferred.marks[mark] for inferred in where)),
                    word=plural(cells, "cell"),
                    columns=len(where),
                    most=where[0].reading.name,
                ),
            )
        )
    return made


def decimal_marks(found: list[Inferred]) -> list[Assumption]:
    """One assumption per way of writing numbers that is not the plain one, over all columns written so."""
    ways: dict[tuple[str, str], list[str]] = {}
    for reading in (inferred.reading for inferred in found):
        if reading.thousands or (reading.decimal == "," and reading.type == "number"):
            ways.setdefault((reading.decimal, reading.thousands), []).append(reading.name)
    return [
        Assumption(
            what="decimal",
            value=decimal,
            column=names[0] if len(names) == 1 else None,
            evidence=say(
                '{names} {verb} read as numbers with decimal mark "{decimal}"'
                + (' and "{thousands}" between thousands' if thousands else ""),
                names=listed(names),
                verb=plural(len(names), "is", "are"),
                decimal=decimal,
                thousands=thousands,
            ),
        )
        for (decimal, thousands), names in ways.items()
    ]
