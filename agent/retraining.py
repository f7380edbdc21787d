"""``phasegate retrain``: a challenger from the recorded answers on new data, held against the champion.

The challenger walks phases 1 to 3 as a run of its own. Recorded approvals carry it to the test; none promotes it: a
worse one is refused, and one that is no worse waits at gate validation for a person.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import gates
from agent.answers import Answers
from agent.errors import Rejected, UsageError, Waiting
from agent.headless import Headless, Show
from agent.openings import CHALLENGER, workspace_checks
from agent.position import Position
from agent.prediction import lay_out
from agent.process import call
from agent.recording import answers_of
from agent.session import Session
from agent.sources import Source
from agent.status import position_of
from agent.waiting import write_pending
from workspace.project import Workspace

if TYPE_CHECKING:
    import pandas as pd

_CARRIED = ("preparation", "experimentation")
"""Gates that a recorded approval may carry a challenger through: neither puts a model into service."""
_JUDGED = "validation.review"
_LEARNED = ("train.parquet", "validation.parquet")
_FRESH_ROWS = 100
"""Where at least so many sealed rows are new to the model in service, only those count: the others it knows by heart.
New tables often hold the old rows too."""


async def retrain(root: Path, name: str | None, data: str, show: Show) -> int:
    """Train a challenger and hold it against the champion; returns the exit code where nothing waits.

    Raises:
        UsageError: there is no champion: gate validation of the run is not approved.
        Rejected: the challenger is refused.
        Waiting: the challenger waits at a gate for a person.
    """
    workspace = Workspace.open(root)
    run = workspace.run(name)
    champion = position_of(workspace, run)
    if not gates.passed(champion, champion.registry.phase("validation")):
        raise UsageError(
            f"Run {run.id} has no approved model to challenge: gate validation is not passed.",
            hint="`phasegate status` shows where it stands.",
        )
    source = Source(data, None, champion.answers("source."))
    source.check()
    headless = Headless(_answers(champion), accept_recommended=True, show=show)
    async with Session.start(root, source, seed=champion.seed) as session:
        try:
            code = await headless.drive(session)
        except (Waiting, Rejected) as stopped:
            if not session.position.has("verdict.json"):
                raise
            _judge(workspace, champion, run.id, session, stopped)
    return code


def _answers(champion: Position) -> Answers:
    """The champion's answers as they stood in the end, with the approvals that may be carried over."""
    recorded = answers_of(champion)
    final = {
        key: given.model_copy(update={"value": champion.decisions[key].value})
        for key, given in recorded.answers.items()
    }
    carried = {
        gate: tuple(visit.model_copy(update={"evidence": None}) for visit in visits if visit.decision == "approve")[-1:]
        for gate, visits in recorded.gates.items()
        if gate in _CARRIED
    }
    return Answers(answers=final, gates=carried)


def _judge(workspace: Workspace, champion: Position, name: str, session: Session, stopped: Waiting | Rejected) -> None:
    """Hold both models against the challenger's opened test rows, put it on record, and say what follows."""
    position = session.position
    with tempfile.TemporaryDirectory(prefix="phasegate-retrain-") as folder:
        base = Path(folder)
        for place, known, prefix in (("champion", champion, "scorer/"), ("challenger", position, "scorer/")):
            lay_out(workspace, known, prefix, base / place)
        compared = {"criteria.json": champion, "opened.parquet": position, "split.json": position}
        for artifact, known in {**compared, **dict.fromkeys(_LEARNED, champion)}.items():
            (base / artifact).write_bytes(workspace.store.read(str(known.find(artifact))))
        target = position.answer("data.target")
        found = call("agent.retraining:hold", folder=folder, target=target, seed=position.seed)
    if isinstance(stopped, Rejected) and found["decision"] != "refuse":
        found |= {"decision": "refuse", "reason": f"its verdict is no-go, although {found['reason']}"}
    session.executor.record(
        "observation",
        step=_JUDGED,
        key=position.steps[_JUDGED].key,
        name=CHALLENGER,
        value={"champion": name, **found},
    )
    if session.run.pending.exists():  # the gate opened before the two were compared, and now shows the comparison
        phase = position.registry.phase("validation")
        write_pending(session.run, gates.request(position, phase, workspace_checks(workspace, position, phase)))
    if found["decision"] == "refuse":
        raise Rejected(
            f"The challenger {session.run.id} is refused: {found['reason']}.",
            hint=f"Run {name} stays in service. `phasegate show --run {session.run.id}` shows the challenger.",
        )
    raise Waiting(
        f"The challenger {session.run.id} may take over: {found['reason']}. {stopped.message}", hint=stopped.hint
    )


def hold(folder: str, target: str, seed: int) -> dict[str, Any]:
    """What the comparing process does: both scorers on the same rows, by the champion's criteria."""
    import pandas as pd

    from tools.data.splitting import SplitReport
    from tools.evaluation.criteria import Criteria
    from tools.evaluation.opened import opened_rows
    from tools.evaluation.scoring import score_labelled
    from tools.monitoring.retraining import compare
    from tools.serving.service.scorer import Scorer

    base = Path(folder)
    frame = pd.read_parquet(base / "opened.parquet")
    scheme = SplitReport.model_validate_json((base / "split.json").read_bytes()).scheme
    criteria = Criteria.model_validate_json((base / "criteria.json").read_bytes())
    scorers = {name: Scorer.load(base / name / "scorer") for name in ("champion", "challenger")}
    scored = {name: score_labelled(scorer, frame, target)[0] for name, scorer in scorers.items()}
    both = sorted(set(scored["champion"].kept.tolist()) & set(scored["challenger"].kept.tolist()))
    old = known_rows(frame, [pd.read_parquet(base / name) for name in _LEARNED])
    fresh = [row for row in both if not old[row]]
    both = fresh if len(fresh) >= _FRESH_ROWS else both
    rows = {
        name: opened_rows(frame.iloc[both].reset_index(drop=True), _only(one, both), scheme)
        for name, one in scored.items()
    }
    known = rows["challenger"]
    found = compare(
        rows["champion"].predictions,
        known.predictions,
        known.y,
        criteria,
        groups=known.groups,
        order=known.order,
        seed=seed,
    )
    return {
        "decision": found.decision,
        "reason": str(found.reason),
        "metric": found.metric,
        "rows": found.rows,
        "gain": found.gain.value,
        "lower": found.gain.lower,
        "upper": found.gain.upper,
    }


def known_rows(frame: pd.DataFrame, learned: Sequence[pd.DataFrame]) -> list[bool]:
    """For each row of a table whether it stands, value for value, in one of the tables that a model learned from."""
    import pandas as pd

    tables = [*learned, frame]
    shared = [name for name in frame.columns if all(name in table.columns for table in tables)]
    hashes = [pd.util.hash_pandas_object(table[shared].astype("string"), index=False) for table in tables]
    known = set(pd.concat(hashes[:-1]))
    return [value in known for value in hashes[-1]]


def _only(scored: Any, rows: list[int]) -> Any:
    """Scored rows of a frame that was cut down to some of them."""
    import numpy as np

    from tools.evaluation.scoring import Scored

    position = {row: place for place, row in enumerate(scored.kept.tolist())}
    places = np.array([position[row] for row in rows], dtype=np.intp)
    return Scored(scored.y[places], scored.predictions.take(places), np.arange(len(rows), dtype=np.intp), 0)
