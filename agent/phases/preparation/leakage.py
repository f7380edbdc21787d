"""Step 1.2, second part, leakage: on training rows only, which columns know the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Check, Finding, Outcome
from tools.wording import Fact, Sentence, listed, plural, say

if TYPE_CHECKING:
    from tools.data.leakage import LabelConflicts, Leakage
    from tools.data.profiling import Profile

MOST_ASKED = 12
SAID = {
    "recoded copy": "it is the target in other words",
    "monotone copy": "it is the target on another scale",
    "noisy copy": "it gives the target nearly always",
    "one column alone": "alone it predicts the target almost perfectly",
    "sum or difference": "with others it adds up to the target",
    "columns together": "with others it spells the class",
    "differs from its twin": "where it differs from another column, the outcome is known",
    "missingness": "whether it is filled in follows the target",
    "blank with the target": "where the target is missing it is blank too",
    "name after the outcome": "it is strong, and its name speaks of what comes later",
    "outcome words in text": "its text seems to be written after the outcome",
}
"""What a suspicion of each kind rests on, in short; the finding has the figures."""
LITTLE_AUC, LITTLE_R2 = 0.55, 0.02
"""Score of the best column below which no column says much by itself."""


def run(job: Job) -> Outcome:
    """Look for leakage in the training rows."""
    from tools.data.leakage import find_leakage
    from tools.data.profiling import Profile
    from tools.data.splitting import SplitReport
    from tools.data.targets import check_target, classes_of

    train = job.frame("train.parquet")
    profile = job.load("train_profile.json", Profile)
    split = job.load("split.json", SplitReport)
    target = str(job.answer("data.target"))
    task = check_target(train[target], job.answer("data.problem_type"), name=target, part=True)
    classes = classes_of(train[target], task, job.answer("data.positive_class") if task == "binary" else None)
    personal = job.answers("data.personal.")
    dropped = [
        *job.answer("data.drop", ()),
        *(name for name, verdict in personal.items() if verdict == "drop"),
    ]
    if split.kind in ("grouped", "given") and split.column is not None:
        dropped.append(split.column)
    found = find_leakage(
        train,
        profile,
        split.scheme,
        target=target,
        task=task,
        classes=classes,
        dropped=dropped,
        seed=job.seed,
    )
    job.save_json("leakage.json", found)
    return report(found, profile, personal)


def report(found: Leakage, profile: Profile, personal: dict[str, Any]) -> Outcome:
    """Who knows the answer, and by what a person can check it."""
    certain = found.certain()
    suspected = [suspect.column for suspect in found.suspects if not suspect.certain]
    facts: dict[str, Fact] = {
        "certain": len(certain),
        "suspected": len(suspected),
        "kinds": len(found.kinds),
        "rows": found.rows,
        "table_leaks": len(found.table),
        "conflicts": found.conflicts.rows if found.conflicts else 0,
        "strongest": max((score.value for score in found.strengths.values()), default=None),
        "strongest_column": max(found.strengths, key=lambda name: found.strengths[name].value, default=None),
    }
    notes: list[Sentence] = []
    for suspect in found.suspects:
        if suspect.reason not in notes:
            notes.append(suspect.reason)
    notes += found.table if found.suspects else found.table[1:]
    if found.sorted_by_target:
        notes.append(say("the rows are sorted by the target, so their order in the file says nothing of time"))
    if found.conflicts and found.conflicts.rows:
        notes.append(_conflicts(found.conflicts))
    if not certain and not suspected and found.strengths:
        notes.append(_strongest(found))
    return Outcome(
        summary=_summary(found, certain, suspected),
        notes=tuple(notes),
        facts=facts,
        findings=tuple(_findings(found)),
        checks=tuple(
            privacy_check(column.name, column.personal, personal) for column in profile.columns if column.personal
        ),
    )


def _strongest(found: Leakage) -> Sentence:
    from tools.data.leakage import STRONG_AUC, STRONG_R2

    best = max(found.strengths, key=lambda name: found.strengths[name].value)
    score = found.strengths[best]
    metric = "AUC" if score.metric == "roc_auc" else "R²"
    if score.value < (LITTLE_AUC if score.metric == "roc_auc" else LITTLE_R2):
        template = 'no column alone says much of the target; the best is "{column}" ({metric} {value|ratio})'
        return say(template, column=best, metric=metric, value=score.value)
    template = 'the strongest column alone is "{column}" ({metric} {value|ratio}), '
    if score.value < (STRONG_AUC if score.metric == "roc_auc" else STRONG_R2):
        return say(template + "which is plausible", column=best, metric=metric, value=score.value)
    others = {name: each.value for name, each in found.strengths.items() if name != best}
    second = max(others, key=lambda name: others[name])
    template += (
        'but others are nearly as strong, such as "{second}" ({other|ratio}): an easy problem rather than a leak'
    )
    return say(template, column=best, metric=metric, value=score.value, second=second, other=others[second])


def _summary(found: Leakage, certain: list[str], suspected: list[str]) -> Sentence:
    if certain:
        template = "{certain} {word} the answer"
        template += "; {suspected} {may} know it" if suspected else ""
        return say(
            template,
            certain=listed(certain),
            word=plural(len(certain), "knows", "know"),
            suspected=listed(suspected),
            may="may",
        )
    if suspected:
        return say("{suspected} may know the answer; nothing is certain", suspected=listed(suspected))
    if found.table:
        foremost = found.table[0]
        return say("no column knows the answer; but " + foremost.template, **foremost.facts)
    return say("none found ({kinds|int} kinds looked for)", kinds=len(found.kinds))


def _conflicts(found: LabelConflicts) -> Sentence:
    return say(
        "{rows|int} training {word} ({share|pct}) {verb} another label than most rows with the very same features",
        rows=found.rows,
        word=plural(found.rows, "row"),
        verb=plural(found.rows, "carries", "carry"),
        share=found.share,
    )


def _findings(found: Leakage) -> list[Finding]:
    made = [
        Finding(
            id=f"leakage.{suspect.column}",
            step="preparation.leakage",
            kind="leakage",
            columns=(suspect.column,),
            level="block" if suspect.certain else "warn",
            text=suspect.reason,
            action="Drop it, or state in writing that it is known at the moment of prediction.",
        )
        for suspect in found.suspects
    ]
    for place, sentence in zip("abcdefgh", found.table, strict=False):
        made.append(
            Finding(
                id=f"leakage.table.{place}",
                step="preparation.leakage",
                kind="leakage",
                level="warn",
                text=sentence,
                action="Consider a split by time or by entity.",
            )
        )
    if found.conflicts and found.conflicts.share >= 0.01:
        made.append(
            Finding(
                id="target.conflicts",
                step="preparation.leakage",
                kind="target",
                level="warn",
                text=_conflicts(found.conflicts),
                action="Check how the label was made.",
            )
        )
    return made


def privacy_check(column: str, kind: str | None, decisions: dict[str, Any]) -> Check:
    """What was decided about personal data: kept as it is warns, everything else passes."""
    verdict = decisions.get(column)
    return Check(
        id=f"privacy.{column}",
        status="warn" if verdict in (None, "keep") else "pass",
        blocking=False,
        value=verdict or "undecided",
        criterion="dropped, hashed or generalised",
        title=f"personal data: {kind}",
        measured=say(
            "{verdict}",
            verdict={"drop": "dropped", "hash": "hashed", "generalise": "generalised", "keep": "kept as it is"}.get(
                str(verdict), "undecided"
            ),
        ),
    )


# --- questions ---


def _suspects(known: Known) -> list[dict[str, Any]]:
    suspects: list[dict[str, Any]] = known.json("leakage.json")["suspects"]
    certain = [item for item in suspects if item["certain"]]
    return certain + [item for item in suspects if not item["certain"]][: max(0, MOST_ASKED - len(certain))]


def _subjects(known: Known) -> list[str]:
    return [suspect["column"] for suspect in _suspects(known)]


def _evidence(known: Known) -> dict[str, Any]:
    return {
        "subjects": {
            suspect["column"]: {
                "certain": suspect["certain"],
                "recommended": suspect["recommended"],
                "kind": suspect["kind"],
                "said": SAID[suspect["kind"]],
                "reason": str(Sentence.model_validate(suspect["reason"])),
            }
            for suspect in _suspects(known)
        }
    }


STEP = Step(
    id="preparation.leakage",
    guidance="1.2",
    title="leakage",
    run=run,
    needs=("train.parquet", "train_profile.json", "split.json"),
    decisions=("data.target", "data.problem_type", "data.positive_class", "data.drop", "data.personal.*"),
    makes=("leakage.json",),
    libraries=("pandas", "pyarrow", "numpy", "scipy"),
    after=(
        Ask(
            "data.leakage.*",
            'Is "{subject}" known at the moment of prediction?',
            "choice",
            options=(
                Option("drop", "no, drop it"),
                Option("keep", "yes, keep it"),
                Option("release", "yes, and I state why (releases a certain leak)"),
            ),
            evidence=_evidence,
            subjects=_subjects,
            nullable=False,
            needs_reason=("release",),
        ),
    ),
)
