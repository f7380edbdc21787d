"""Step 1.5, features: the feature plan as data, fitted on clean training rows, and the matrices that models see."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from agent.phases.preparation.cleaning import kept_columns, left_out
from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Outcome
from tools.wording import Fact, Sentence, listed, plural, say

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tools.data.cleaning import CleaningPlan
    from tools.data.splitting import SplitReport
    from tools.features.plan import FeaturePlan, LeftOut

MOST_PROPOSALS = 3


def run(job: Job) -> Outcome:
    """Fit the feature plan on the clean training rows and make the matrices and targets."""
    import numpy as np

    from tools.data.cleaning import Changes, CleaningPlan
    from tools.data.splitting import SplitReport
    from tools.data.targets import classes_of
    from tools.data.typed import column_type, typed_columns
    from tools.evaluation.criteria import Criteria
    from tools.features.fitting import fit_features
    from tools.features.grammar import parse
    from tools.features.matrix import as_matrix, matrix_frame
    from tools.features.plan import apply_plan

    train, validation = job.frame("train_clean.parquet"), job.frame("validation_clean.parquet")
    split, cleaning = job.load("split.json", SplitReport), job.load("cleaning.json", CleaningPlan)
    task = job.load("criteria.json", Criteria).task
    target = str(job.answer("data.target"))
    excluded = excluded_columns(job, split, cleaning, train)
    types = {str(name): column_type(train[name]) for name in train.columns if name != target}
    proposals = [parse(str(text), types) for text in job.answer("features.proposed") or ()]
    plan, x = fit_features(train, excluded=excluded, proposals=proposals, flags=cleaning.missing == "flag")

    # groups and order come from the rows as they were, before cleaning took columns away
    kept = np.asarray(job.load("changes.json", Changes).kept, dtype=np.int64)
    raw = job.frame("train.parquet").iloc[kept].reset_index(drop=True)
    classes = classes_of(train[target], task, job.answer("data.positive_class"))
    job.save_frame("train_target.parquet", target_frame(train[target], raw, split, task, classes))
    later = job.frame("validation.parquet")
    job.save_frame("validation_target.parquet", target_frame(validation[target], later, split, task, classes))

    plan, x = proven(job, plan, x, split, len(classes))
    job.save_json("features.json", plan)
    job.save_frame("train_matrix.parquet", matrix_frame(as_matrix(plan, x)))
    needed = [entry.name for entry in plan.inputs]
    rows = apply_plan(plan, typed_columns(validation, needed), len(validation))
    job.save_frame("validation_matrix.parquet", matrix_frame(as_matrix(plan, rows)))
    return report(plan, [name for name in types if name not in excluded])


def proven(
    job: Job, plan: FeaturePlan, x: NDArray[np.float32], split: SplitReport, classes: int
) -> tuple[FeaturePlan, NDArray[np.float32]]:
    """The plan and its training matrix with those proposed features only that a paired test says help."""
    import numpy as np

    from tools.evaluation.criteria import Criteria
    from tools.features.fitting import without
    from tools.features.matrix import as_matrix, load_target
    from tools.features.plan import LeftOut
    from tools.modeling.comparing import selection_metric
    from tools.modeling.families.base import Problem
    from tools.modeling.keeping import tried
    from tools.modeling.training import Training, substream

    candidates = [place for place, feature in enumerate(plan.features) if feature.op == "formula"]
    if not candidates:
        return plan, x
    criteria = job.load("criteria.json", Criteria)
    target = load_target(job.out / "train_target.parquet")
    places = np.arange(len(target.y), dtype=np.int64)
    training = Training(as_matrix(plan, x), target, Problem(criteria.task, classes), split.scheme, places)
    done = 0

    def after() -> None:
        nonlocal done
        done += 1
        job.progress(done, len(candidates), "proposed features tried")

    trials = tried(
        training, candidates, selection_metric(criteria), criteria, substream(job.seed, "tried"), job.threads, after
    )
    stay = tuple(LeftOut(name=plan.features[trial.place].label, why=trial.why) for trial in trials if trial.kept)
    shorter, matrix = without(plan, x, {trial.place: trial.why for trial in trials if not trial.kept})
    return shorter.model_copy(update={"tried": stay}), matrix


def target_frame(
    series: pd.Series, raw: pd.DataFrame, split: SplitReport, task: Any, classes: tuple[str, ...]
) -> pd.DataFrame:
    """Target with the group code and the order of each row where the resampling scheme needs them."""
    import pandas as pd

    from tools.data.splitting import fold_groups, fold_order
    from tools.data.targets import target_values

    columns: dict[str, Any] = {"y": target_values(series, task, classes)}
    groups, order = fold_groups(raw, split.scheme), fold_order(raw, split.scheme)
    if groups is not None:
        columns["group"] = groups
    if order is not None:
        columns["order"] = order
    return pd.DataFrame(columns)


def excluded_columns(job: Job, split: SplitReport, cleaning: CleaningPlan, train: pd.DataFrame) -> dict[str, Sentence]:
    """Columns of the clean rows that no model may see, with the reason."""
    from tools.data.typed import column_type

    excluded: dict[str, Sentence] = {}
    for column in cleaning.columns:
        if column.use == "keep" and column.why is not None:
            excluded[column.name] = column.why
    if job.answer("features.use_protected", "audit_only") != "model":
        for name in job.answer("requirements.protected") or ():
            if name in train.columns:
                excluded[str(name)] = say("protected, and kept for the fairness audit only")
    scheme = split.scheme
    if scheme.column is not None and scheme.column in train.columns:
        if scheme.kind == "grouped":
            excluded[scheme.column] = say("it names the group that rows belong to; new rows come from other groups")
        elif scheme.kind == "time" and column_type(train[scheme.column]) != "date":
            excluded[scheme.column] = say("it orders the rows; later rows lie past all that was seen")
    excluded[str(job.answer("data.target"))] = say("the target")
    return excluded


def report(plan: FeaturePlan, columns: list[str]) -> Outcome:
    """What the models will see, in words."""
    kinds = {kind: sum(feature.kind == kind for feature in plan.features) for kind in ("number", "category", "flag")}
    words = sum(feature.op == "words" for feature in plan.features)
    parts = sum(feature.op == "calendar" for feature in plan.features)
    made = [feature.kind for feature in plan.features if feature.op == "formula"]
    marks = sum(feature.op == "missing" for feature in plan.features)
    grouped = [feature for feature in plan.features if feature.kind == "category" and feature.levels[-1] == "any other"]
    facts: dict[str, Fact] = {
        "rows": plan.rows,
        "features": len(plan.features),
        "columns": len(plan.inputs),
        "offered": len(columns),
        "numbers": kinds["number"] - words - parts - made.count("number"),
        "categories": kinds["category"],
        "flags": kinds["flag"] - marks - made.count("flag"),
        "marks": marks,
        "words": words,
        "calendar": parts,
        "made": len(made),
        "left_out": len(plan.left_out),
    }
    shown = {
        "numbers": ("number", "numbers"),
        "categories": ("category", "categories"),
        "flags": ("yes-or-no column", "yes-or-no columns"),
        "marks": ("mark of gaps", "marks of gaps"),
        "calendar": ("part of a date", "parts of dates"),
        "words": ("from words", "from words"),
        "made": ("made by a formula", "made by formulas"),
    }
    kinds_text = [f"{{{name}|int}} {{{name}_word|text}}" for name in shown if facts[name]]
    given = dict(facts) | {
        f"{name}_word": plural(int(facts[name] or 0), *forms) for name, forms in shown.items() if facts[name]
    }
    summary = say(f"{{features|int}} features from {{columns|int}} columns: {', '.join(kinds_text) or 'none'}", **given)
    notes = [
        say("{feature|text} stays: " + entry.why.template, feature=entry.name, **entry.why.facts)
        for entry in plan.tried
    ]
    notes += _unused_notes(plan)
    hidden = len(notes) - 6
    if hidden > 0:
        notes = [
            *notes[:6],
            say("{hidden|int} more are listed with their reasons in the feature plan", hidden=hidden),
        ]
    if grouped:
        names = listed((feature.label for feature in grouped), 4)
        notes.append(say("rare levels of {columns|text} share one code", columns=names))
    return Outcome(summary=summary, notes=tuple(notes), facts=facts)


def _unused_notes(plan: FeaturePlan) -> list[Sentence]:
    """Which columns are not used and why; those with one reason in one line, unless it speaks of each by itself."""
    reasons: dict[tuple[str, str], list[LeftOut]] = {}
    for entry in plan.left_out:
        if str(entry.why) != "the target":
            own = entry.name if entry.why.template.startswith("it ") else ""
            reasons.setdefault((str(entry.why), own), []).append(entry)
    return [
        say(
            "{names} " + plural(len(entries), "is", "are") + " not used: " + entries[0].why.template,
            names=listed((entry.name for entry in entries), 4),
            **entries[0].why.facts,
        )
        for entries in reasons.values()
    ]


# ── questions ───────────────────────────────────────────────────────────────


def protected_there(known: Known) -> list[str]:
    """Protected columns that the table has and that could enter a model."""
    names = [str(name) for name in known.answer("requirements.protected") or ()]
    held = {column["name"] for column in known.json("train_profile.json")["columns"]}
    gone = left_out(known)
    return [name for name in names if name in held and name not in gone]


def protected_evidence(known: Known) -> dict[str, Any]:
    """Which protected columns there are."""
    return {"protected": listed(protected_there(known)), "count": len(protected_there(known))}


def proposal_evidence(known: Known) -> dict[str, Any]:
    """Features that the profile suggests: the time between two dates, the parts of a total."""
    gone = left_out(known) | {str(known.answer("data.target"))}
    if known.answer("features.use_protected", "audit_only") != "model":
        gone |= set(protected_there(known))
    columns = [column for column in kept_columns(known) if column["name"] not in gone]
    dates = [column for column in columns if column["type"] == "date" and column.get("numbers")]
    dates.sort(key=lambda column: (column["numbers"]["median"], column["position"]))
    spans = [
        f"difference({later['name']}, {earlier['name']})"
        for earlier, later in pairwise(dates)
        if later["role"] != "constant" and earlier["role"] != "constant"
    ]
    there = {column["name"] for column in columns}
    shares = [
        f"ratio({part}, {relation['columns'][0]})"
        for relation in known.json("train_profile.json")["relations"]
        if relation["kind"] == "sum" and set(relation["columns"]) <= there
        for part in relation["columns"][1:]
    ]
    totals = [name for name in there if any(share.endswith(f", {name})") for share in shares)]
    return {
        "spans": spans[:MOST_PROPOSALS],
        "shares": shares[:MOST_PROPOSALS],
        "dates": listed(column["name"] for column in dates),
        "totals": listed(sorted(totals)),
    }


USE_PROTECTED = Ask(
    id="features.use_protected",
    prompt="May a model use the protected columns?",
    type="choice",
    options=(
        Option("audit_only", "no, keep them for the fairness audit only"),
        Option("model", "yes", "lawful in some settings only; say why in the reason"),
    ),
    evidence=protected_evidence,
    when=lambda known: bool(protected_there(known)),
)
PROPOSED = Ask(
    id="features.proposed",
    prompt=(
        "Which further features should be made? Formulas such as ratio(a, b), days_between(first, later), "
        "count_by(group), a > 3 or lag(a, 1, by=group, order=time), with column names as in the source; each stays "
        "only if a paired test says that it helps. An empty list for none."
    ),
    type="list",
    evidence=proposal_evidence,
)

STEP = Step(
    id="preparation.features",
    guidance="1.5",
    title="features",
    run=run,
    needs=(
        "train_clean.parquet",
        "validation_clean.parquet",
        "train.parquet",
        "validation.parquet",
        "split.json",
        "criteria.json",
        "cleaning.json",
        "changes.json",
    ),
    decisions=(
        "data.target",
        "data.positive_class",
        "requirements.protected",
        "features.use_protected",
        "features.proposed",
    ),
    makes=(
        "features.json",
        "train_matrix.parquet",
        "validation_matrix.parquet",
        "train_target.parquet",
        "validation_target.parquet",
    ),
    libraries=("pandas", "numpy"),
    before=(USE_PROTECTED, PROPOSED),
)
