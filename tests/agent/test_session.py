"""Whole toy runs: the product's machinery around steps that take milliseconds."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.answers import Answers, GateAnswer
from agent.deciding import decide
from agent.errors import AnswersDoNotFit, Rejected, Stopped, UsageError, Waiting
from agent.events import Event
from agent.gates import GateRequest
from agent.position import Position
from agent.questions import Question
from agent.registry import Phase, Registry
from agent.session import Session
from agent.steps import Job, Kind, Step
from agent.verification import verify
from tests.agent.driving import ANSWERS, APPROVE, BOTH, TABLE, answers, count, derived, entries, finished, newest, walk
from tests.agent.toy import toy
from tools.records import Outcome
from tools.wording import say
from workspace.errors import CorruptState, WorkspaceBusy
from workspace.locks import hold
from workspace.project import Workspace

pytestmark = pytest.mark.integration

STEPS = [step.id for step in toy()]


def person(decision: str = "approve", **more: Any) -> GateAnswer:
    return GateAnswer(decision=decision, by="Ada", reason="I read it.", **more)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in {"Z", "X"}


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process ends within some seconds."""
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not alive(pid)


# a run from end to end


def test_a_run_with_all_answers_goes_to_its_end(root: Path) -> None:
    run = walk(root, answers(gates=BOTH), table=TABLE)
    assert run.exit == 0
    assert run.executed == finished(root) == STEPS
    assert count(root) == {
        "run_started": 1,
        "step_started": len(STEPS),
        "step_finished": len(STEPS),
        "question_asked": 4,
        "question_answered": 4,
        "gate_opened": 2,
        "gate_decided": 2,
        "observation": 2,
        "finished": 1,
    }
    assert verify(root).ok


def test_every_event_but_progress_stands_in_the_ledger_in_the_same_order(root: Path) -> None:
    run = walk(root, answers(gates=BOTH), table=TABLE)
    told = [(event.type, event.step) for event in run.events if event.type != "progress"]
    kept = [(entry.type, entry.data.get("step")) for entry in entries(root) if entry.type != "observation"]
    assert [kind for kind, _ in told] == [kind for kind, _ in kept]
    assert len(run.told("progress")) > 0
    for number, event in enumerate(run.events):
        line = event.line(number)
        assert (line["v"], line["seq"], line["type"], line["run"]) == (1, number, event.type, "0001-heron")


def test_the_files_of_a_run_follow_the_ledger(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    run = newest(root)
    manifest = json.loads(run.manifest.read_bytes())
    assert manifest["head"] == entries(root)[-1].hash
    assert [step["id"] for step in manifest["steps"]] == STEPS
    assert {step["kind"] for step in manifest["steps"]} == {"derive", "observe"}
    assert not run.pending.exists()
    gate = json.loads((run.root / "gates" / "preparation.json").read_bytes())
    assert gate["decision"]["by"] == "Ada"
    assert not any((root / "cache" / "work").glob("*/*"))


def test_a_run_can_be_repeated_from_the_answers_that_it_wrote(root: Path) -> None:
    from agent.answers import read_answers

    walk(root, answers(gates=BOTH), table=TABLE)
    written = read_answers(newest(root).answers)
    other = root.parent / "other"
    again = walk(other, written, table=TABLE)
    assert again.exit == 0
    observed = {"experimentation.clock/clock.json", "experimentation.end/end.json"}
    assert {k: v for k, v in derived(other).items() if k not in observed} == {
        k: v for k, v in derived(root).items() if k not in observed
    }


def test_what_another_run_of_the_workspace_made_is_found_and_not_made_again(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    first = derived(root)
    again = walk(root, answers({"toy.label": "b"}, gates=BOTH), table=TABLE)
    assert again.executed == ["preparation.label"]
    changed = {name for name, sha256 in derived(root).items() if first[name] != sha256}
    assert changed == {"preparation.label/label.txt", "preparation.label/outcome.json"}
    assert [step["status"] for step in json.loads(newest(root).manifest.read_bytes())["steps"]].count("cached") == 5


def test_damage_in_another_runs_ledger_does_not_stop_this_run(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    ledger = newest(root).ledger
    data = bytearray(ledger.read_bytes())
    data[10] ^= 1
    walk(root, answers({"toy.factor": 3}), table=TABLE)  # waits at its first gate
    ledger.write_bytes(data)
    run = walk(root, answers(gates=BOTH))
    assert run.exit == 0


def test_the_seed_reaches_each_step_as_a_stream_of_its_own(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE, seed=0)
    store = Workspace.open(root).store
    first = json.loads(store.read(derived(root)["preparation.total/total.json"]))["seed"]
    walk(root, answers(gates=BOTH), table=TABLE, seed=1)
    assert json.loads(store.read(derived(root)["preparation.total/total.json"]))["seed"] != first


# questions


def test_a_question_without_an_answer_waits_and_resume_goes_on(root: Path) -> None:
    run = walk(root, answers(gates=BOTH, without=("toy.label",)), table=TABLE)
    assert isinstance(run.error, Waiting)
    assert run.exit == 3
    pending = json.loads(newest(root).pending.read_bytes())
    assert (pending["type"], pending["id"], pending["options"]) == ("question", "toy.label", ["a", "b"])
    assert verify(root).ok
    again = walk(root, answers(gates=BOTH))
    assert again.exit == 0
    assert again.executed == STEPS[2:]
    assert [entry.data["id"] for entry in entries(root) if entry.type == "question_asked"].count("toy.label") == 1


def test_waiting_for_the_same_question_twice_writes_nothing_new(root: Path) -> None:
    walk(root, answers(gates=BOTH, without=("toy.label",)), table=TABLE)
    before = newest(root).ledger.read_bytes()
    assert walk(root).exit == 3
    assert newest(root).ledger.read_bytes() == before


def test_recommendations_are_taken_where_they_are_accepted_and_there_is_one(root: Path) -> None:
    run = walk(root, Answers(), table=TABLE, accept=True, advice={"toy.column": "b", "toy.factor": 7})
    assert isinstance(run.error, Waiting)
    assert "toy.label has no recommendation" in run.error.message
    answered = {e.data["id"]: e.data for e in entries(root) if e.type == "question_answered"}
    assert {name: (data["value"], data["source"], data["rule"]) for name, data in answered.items()} == {
        "toy.column": ("b", "recommended", "toy.rule"),
        "toy.factor": (7, "recommended", "toy.rule"),
    }


def test_a_value_that_the_data_do_not_have_is_refused_when_its_question_comes_up(root: Path) -> None:
    run = walk(root, answers({"toy.column": "c"}), table=TABLE)
    assert isinstance(run.error, AnswersDoNotFit)
    assert run.exit == 8
    assert walk(root, answers(gates=BOTH)).exit == 0


def test_a_flag_for_what_was_answered_before_is_a_warning_and_changes_nothing(root: Path) -> None:
    walk(root, answers(), table=TABLE)
    late = Answers.model_validate({"answers": {"toy.factor": {"value": 5, "source": "flag"}}})
    run = walk(root, late)
    assert ["toy.factor was answered before" in event.data["text"] for event in run.told("warning")] == [True]
    assert run.executed == []


# gates


def test_a_gate_waits_for_a_decision_from_outside_and_resume_goes_on(root: Path) -> None:
    waiting = walk(root, answers(), table=TABLE)
    assert isinstance(waiting.error, Waiting)
    pending = json.loads(newest(root).pending.read_bytes())
    assert (pending["type"], pending["id"]) == ("gate", "preparation")
    done = decide(root, None, "preparation", person(evidence=pending["evidence"][:8]))
    assert done["head"] == entries(root)[-1].hash
    assert not newest(root).pending.exists()
    assert json.loads(newest(root).manifest.read_bytes())["head"] == done["head"]
    assert verify(root).ok
    again = walk(root, answers())
    assert again.executed == STEPS[4:]
    assert isinstance(again.error, Waiting)
    assert count(root)["gate_decided"] == 1


def test_a_second_decision_is_refused_and_told_who_was_faster(root: Path) -> None:
    walk(root, answers(), table=TABLE)
    decide(root, None, "preparation", person())
    before = newest(root).ledger.read_bytes()
    with pytest.raises(AnswersDoNotFit, match="Ada approved it at") as caught:
        decide(root, None, "preparation", person("reject"))
    assert caught.value.code == 8
    assert newest(root).ledger.read_bytes() == before


def test_a_rejection_ends_the_run_for_good(root: Path) -> None:
    walk(root, answers(), table=TABLE)
    decide(root, None, "preparation", person("reject"))
    for _ in range(2):
        run = walk(root, answers(gates=BOTH))
        assert run.exit == 4
        assert run.executed == []
    assert count(root)["finished"] == 1


def test_a_revision_redoes_only_what_depends_on_the_changed_answer(root: Path) -> None:
    revise = {**APPROVE, "decision": "revise", "set": {"toy.label": "b"}}
    gates = {"preparation": [APPROVE, APPROVE], "experimentation": [revise, APPROVE]}
    run = walk(root, answers(gates=gates), table=TABLE)
    assert run.exit == 0
    assert run.executed == [*STEPS, "preparation.label"]
    assert Counter(finished(root)) == Counter([*STEPS, "preparation.label"])
    decided = [
        (e.data["gate"], e.data["decision"], e.data["source"]) for e in entries(root) if e.type == "gate_decided"
    ]
    assert decided == [
        ("preparation", "approve", "file"),
        ("experimentation", "revise", "file"),
        ("preparation", "approve", "file"),
        ("experimentation", "approve", "file"),
    ]


def test_an_unchanged_gate_is_passed_again_without_a_person_and_recorded_so(root: Path) -> None:
    revise = {**APPROVE, "decision": "revise", "set": {"toy.seconds": 0.001}}
    back = {**APPROVE, "decision": "revise", "set": {"toy.seconds": 0}}
    gates = {"preparation": [APPROVE, APPROVE], "experimentation": [revise, back, APPROVE]}
    run = walk(root, answers(gates=gates), table=TABLE)
    assert run.exit == 0
    assert run.executed == [*STEPS, "preparation.slow"]
    decided = [
        (e.data["gate"], e.data["decision"], e.data["source"]) for e in entries(root) if e.type == "gate_decided"
    ]
    assert decided[-3:] == [
        ("experimentation", "revise", "file"),
        ("preparation", "approve", "unchanged"),
        ("experimentation", "approve", "file"),
    ]
    assert verify(root).ok


def test_a_revision_that_changes_nothing_asks_the_same_gate_again(root: Path) -> None:
    revise = {**APPROVE, "decision": "revise", "set": {"toy.label": "a"}}
    run = walk(root, answers(gates={"preparation": [revise, APPROVE]}), table=TABLE, until="preparation")
    assert run.exit == 0
    assert run.executed == STEPS[:4]


def test_a_revision_without_a_change_leaves_the_gate_open_and_lists_questions(root: Path) -> None:
    walk(root, answers(), table=TABLE)
    done = decide(root, None, "preparation", GateAnswer(decision="revise", by="Ada", reason="the label looks wrong"))
    assert done["questions"][0] == "toy.label"
    assert set(done["questions"]) <= set(ANSWERS)
    assert any("stays open" in line for line in done["lines"])
    assert json.loads(newest(root).pending.read_bytes())["id"] == "preparation"
    assert walk(root, answers()).exit == 3
    decide(root, None, "preparation", person("revise", set={"toy.label": "b"}))
    assert walk(root, answers()).executed == ["preparation.label"]


def test_a_revision_can_take_the_recommendation_where_there_is_one(root: Path) -> None:
    walk(root, answers(), table=TABLE)
    with pytest.raises(AnswersDoNotFit, match="no recommendation"):
        decide(root, None, "preparation", person("revise", set={"toy.factor": "recommended"}))
    with pytest.raises(AnswersDoNotFit, match="is over 50"):
        decide(root, None, "preparation", person("revise", set={"toy.factor": 99}))
    with pytest.raises(AnswersDoNotFit, match=r"no question toy\.facto"):
        decide(root, None, "preparation", person("revise", set={"toy.facto": 9}))
    assert count(root)["gate_decided"] == 0


def test_until_stops_after_the_gate_of_its_phase_or_at_it_where_it_is_not_decided(root: Path) -> None:
    open_gate = walk(root, answers(), table=TABLE, until="preparation")
    assert open_gate.exit == 0
    assert count(root)["finished"] == 0
    passed = walk(root, answers(gates={"preparation": APPROVE}), until="preparation")
    assert passed.exit == 0
    assert finished(root) == STEPS[:4]
    onward = walk(root, answers(gates=BOTH))
    assert onward.exit == 0
    assert onward.executed == STEPS[4:]


def test_a_failed_check_that_blocks_needs_an_override_on_record(root: Path) -> None:
    heavy = answers({"toy.factor": 50}, gates={"preparation": APPROVE})
    run = walk(root, heavy, table="a,b\n100,1\n", until="preparation")
    assert isinstance(run.error, Waiting)
    assert "toy.low failed" in run.error.message
    override = {**APPROVE, "override": ["toy.low"]}
    assert walk(root, answers(gates={"preparation": override}), until="preparation").exit == 0
    assert entries(root)[-2].data["override"] == ["toy.low"]


def test_an_idle_override_is_a_warning_on_record(root: Path) -> None:
    override = {**APPROVE, "override": ["toy.low"]}
    run = walk(root, answers(gates={"preparation": override}), table=TABLE, until="preparation")
    assert run.exit == 0
    assert "toy.low was not needed" in run.told("warning")[0].data["text"]


# coming back


def damage(path: Path, how: str) -> None:
    if how == "deleted":
        for leftover in path.parent.glob(f"{path.name}*"):
            leftover.unlink()
    elif how == "garbage":
        path.write_bytes(os.urandom(20_000))
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        data = bytearray(path.read_bytes())
        data[len(data) * int(how) // 100] ^= 0x10
        path.write_bytes(data)


@pytest.mark.parametrize("how", ["deleted", "garbage", "truncated", "0", "30", "80"])
def test_a_lost_or_damaged_checkpoint_changes_nothing(root: Path, how: str) -> None:
    walk(root, answers(without=("toy.seconds",)), table=TABLE)
    before = newest(root).ledger.read_bytes()
    damage(root / "cache" / newest(root).id / "checkpoint.sqlite", how)
    assert walk(root).exit == 3
    assert newest(root).ledger.read_bytes() == before
    assert walk(root, answers(gates=BOTH)).executed == STEPS[3:]
    assert finished(root) == STEPS


def test_the_whole_cache_may_be_deleted(root: Path) -> None:
    walk(root, answers(), table=TABLE)
    shutil.rmtree(root / "cache")
    run = walk(root, answers(gates=BOTH))
    assert run.exit == 0
    assert run.executed == STEPS[4:]


def test_resuming_a_finished_run_does_nothing_and_ends_as_it_ended(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    before = newest(root).ledger.read_bytes()
    run = walk(root)
    assert run.exit == 0
    assert run.executed == []
    assert newest(root).ledger.read_bytes() == before


def test_an_artifact_that_was_deleted_is_made_again(root: Path) -> None:
    walk(root, answers(gates=BOTH), table=TABLE)
    first = derived(root)
    store = Workspace.open(root).store
    for name in ("preparation.label/label.txt", "preparation.slow/outcome.json"):
        store.locate(first[name]).unlink()
    assert not verify(root).ok
    run = walk(root, answers(gates=BOTH))
    assert run.exit == 0
    assert run.executed == ["preparation.label", "preparation.slow"]
    assert derived(root) == first
    assert verify(root).ok
    assert count(root)["gate_decided"] == 2


def test_an_artifact_that_was_changed_is_never_worked_with(root: Path) -> None:
    walk(root, answers(gates={"preparation": APPROVE}, without=("toy.factor",)), table=TABLE)
    store = Workspace.open(root).store
    path = store.locate(derived(root)["intake.source/table.json"])
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"3", b"4"))
    run = walk(root, answers(gates=BOTH))
    assert isinstance(run.error, CorruptState)
    assert run.exit == 5
    assert str(run.error.file).endswith(path.name)


def test_files_that_a_crash_left_unwritten_are_written_when_the_run_goes_on(root: Path) -> None:
    walk(root, answers(gates={"preparation": APPROVE}), table=TABLE)
    run = newest(root)
    stale = run.pending.read_bytes()
    decide(root, None, "experimentation", person())
    before = {path.name: path.read_bytes() for path in (run.manifest, *run.root.glob("gates/*.json"))}
    for path in run.root.glob("gates/*.json"):
        path.unlink()
    run.manifest.write_bytes(b"{}")
    (run.root / "metrics.json").unlink()
    run.pending.write_bytes(stale)
    assert walk(root).exit == 0
    assert {path.name: path.read_bytes() for path in run.root.glob("gates/*.json")} == {
        name: data for name, data in before.items() if name != "manifest.json"
    }
    assert not run.pending.exists()
    assert verify(root).ok


def test_a_measurement_on_record_is_not_taken_again_when_its_step_was_cut_short(root: Path) -> None:
    """The ledger ends between the observation and the step's end, as a kill there leaves it."""
    walk(root, answers(gates=BOTH), table=TABLE)
    ledger = newest(root).ledger
    lines = ledger.read_bytes().splitlines(keepends=True)
    observed = next(number for number, line in enumerate(lines) if b'"type":"observation"' in line)
    ledger.write_bytes(b"".join(lines[: observed + 1]))
    first = json.loads(lines[observed])["value"]["clock.json"]["sha256"]
    run = walk(root, answers(gates=BOTH))
    assert run.exit == 0
    assert run.executed == ["experimentation.end"]
    assert derived(root)["experimentation.clock/clock.json"] == first
    assert count(root)["observation"] == 2


# one writer


def test_a_workspace_that_is_held_refuses_a_second_writer_and_names_the_holder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk(root, answers(), table=TABLE)
    before = newest(root).ledger.read_bytes()
    monkeypatch.setattr("agent.deciding._WAIT_SECONDS", 0.1)
    with hold(root):
        run = walk(root, answers(gates=BOTH))
        assert isinstance(run.error, WorkspaceBusy)
        assert str(os.getpid()) in run.error.message
        assert run.exit == 6
        with pytest.raises(WorkspaceBusy):
            decide(root, None, "preparation", person())
    assert newest(root).ledger.read_bytes() == before


def test_a_run_that_waits_is_not_run_over_by_another(root: Path) -> None:
    walk(root, answers(), table=TABLE)
    run = walk(root, answers(gates=BOTH), table=TABLE)
    assert isinstance(run.error, UsageError)
    assert run.exit == 2
    assert "phasegate resume" in run.error.hint
    assert len(Workspace.open(root).runs()) == 1


# stopping


def test_stopping_a_step_takes_no_time_and_leaves_a_run_that_goes_on(root: Path) -> None:
    seen: dict[str, Any] = {}

    def stop(session: Session, event: Event) -> None:
        if event.type == "progress" and event.step == "preparation.slow" and not seen:
            process = session.worker._process
            assert process is not None
            seen["pids"] = [process.pid, session.worker._child]
            seen["at"] = time.monotonic()
            session.cancel("the person")
        elif event.type == "stopped":
            seen["took"] = time.monotonic() - seen["at"]

    run = walk(root, answers({"toy.seconds": 600}, gates=BOTH), table=TABLE, on=stop)
    assert isinstance(run.error, Stopped)
    assert run.exit == 130
    assert seen["took"] < 0.2
    assert all(gone(pid) for pid in seen["pids"])
    assert entries(root)[-1].type == "stopped"
    assert verify(root).ok
    gates = {
        "preparation": [{**APPROVE, "decision": "revise", "set": {"toy.seconds": 0}}, APPROVE],
        "experimentation": APPROVE,
    }
    quick = Registry(tuple(_without_delay(phase) for phase in toy().phases))
    again = walk(root, answers(gates=gates), steps=quick)
    assert again.exit == 0
    assert again.executed[0] == "preparation.slow"


def _without_delay(phase: Phase) -> Phase:
    return replace(
        phase, steps=tuple(replace(step, run=instantly) if "slow" in step.id else step for step in phase.steps)
    )


def instantly(job: Job) -> Outcome:
    job.save_text("slow.txt", "done")
    return Outcome(summary=say("did not wait"))


def test_a_stop_that_comes_before_the_walk_begins_is_not_lost(root: Path) -> None:
    async def drive() -> list[Event]:
        async with Session.start(root, _source(root), seed=0, steps=toy()) as session:
            session.cancel("SIGTERM")
            return [event async for event in session.events()]

    with pytest.raises(Stopped):
        asyncio.run(drive())
    assert [entry.type for entry in entries(root)] == ["run_started", "stopped"]


def _source(root: Path) -> Any:
    from agent.sources import Source

    path = root.parent / "table.csv"
    path.write_text(TABLE)
    return Source(str(path))


def test_a_face_that_goes_away_while_a_gate_waits_leaves_it_open(root: Path) -> None:
    async def drive() -> Any:
        async with Session.start(root, _source(root), seed=0, steps=toy()) as session:
            async for event in session.events():
                if event.type == "question_asked":
                    assert isinstance(session.pending, Question)
                    session.answer(session.pending.id, ANSWERS[session.pending.id], source="person", by="Ada")
                elif event.type == "gate_opened":
                    return session.pending

    shown = asyncio.run(drive())
    assert isinstance(shown, GateRequest)
    decide(root, None, "preparation", person(evidence=shown.evidence))


def test_only_what_is_asked_can_be_answered(root: Path) -> None:
    async def drive() -> None:
        async with Session.start(root, _source(root), seed=0, steps=toy()) as session:
            async for event in session.events():
                if event.type == "question_asked":
                    with pytest.raises(AnswersDoNotFit, match="not what is asked"):
                        session.answer("toy.label", "a", source="person")
                    with pytest.raises(AnswersDoNotFit, match="not open"):
                        session.decide("preparation", person(), source="person")
                    with pytest.raises(AnswersDoNotFit, match="not among"):
                        session.answer("toy.column", "z", source="person")
                    break

    asyncio.run(drive())
    assert count(root)["question_answered"] == 0


# failing


def broken(job: Job) -> Outcome:
    raise ZeroDivisionError("a defect")


def forgetful(job: Job) -> Outcome:
    return Outcome(summary=say("made nothing"))


@pytest.mark.parametrize(
    ("body", "says"), [(broken, "ZeroDivisionError: a defect"), (forgetful, "did not make x.json")]
)
def test_a_step_that_breaks_its_promise_is_a_defect_and_the_run_can_go_on_once_it_is_mended(
    root: Path, body: Any, says: str
) -> None:
    def with_body(run: Any) -> Registry:
        step = Step("preparation.x", "1.1", "x", run, makes=("x.json",))
        return Registry((Phase("preparation", "1", (step,)),))

    run = walk(root, answers(), table=TABLE, steps=with_body(body))
    assert run.exit == 1
    assert says in str(run.error)
    assert entries(root)[-1].type == "failed"
    mended = walk(root, answers(gates={"preparation": APPROVE}), steps=with_body(making))
    assert mended.exit == 0


def making(job: Job) -> Outcome:
    job.save_json("x.json", 1)
    return Outcome(summary=say("made it"))


def test_bad_data_end_the_run_with_one_sentence(root: Path) -> None:
    run = walk(root, answers(), table="a,b\n")
    assert run.exit == 2
    assert "The file has no rows." in str(run.error)
    assert entries(root)[-1].data["code"] == 2
    assert verify(root).ok


def test_no_step_works_behind_a_gate_that_is_not_passed(root: Path) -> None:
    """Whatever the graph says: the ledger is asked."""
    walk(root, answers(), table=TABLE)

    async def drive() -> None:
        async with Session.resume(root, steps=toy()) as session:
            await session.executor.carry_out(session.registry.steps["experimentation.clock"])

    with pytest.raises(Exception, match="gate preparation has no approval"):
        asyncio.run(drive())
    assert finished(root) == STEPS[:4]


def test_what_an_effect_told_of_the_world_does_not_open_its_gate_again(root: Path) -> None:
    steps = Registry((Phase("preparation", "1", (Step("preparation.serve", "4.3", "serve", serve, Kind.EFFECT),)),))
    gates = {"preparation": APPROVE}
    assert walk(root, answers(gates=gates), table=TABLE, steps=steps).exit == 0
    Workspace.open(root).store.locate(derived(root)["preparation.serve/outcome.json"]).unlink()
    again = walk(root, answers(gates=gates), steps=steps)
    assert again.exit == 0
    assert again.executed == ["preparation.serve"]
    assert count(root)["gate_decided"] == 1


def serve(job: Job) -> Outcome:
    return Outcome(summary=say("answered in {seconds|ms}", seconds=time.time()))


def test_a_no_go_ends_a_headless_run_and_keeps_the_gate_open(root: Path) -> None:
    steps = Registry(
        (Phase("validation", "3", (Step("validation.review", "3.7", "review", review, makes=("verdict.json",)),)),)
    )
    for recorded, table in ((answers(), TABLE), (answers(gates={"validation": APPROVE}), None)):
        run = walk(root, recorded, table=table, steps=steps)
        assert isinstance(run.error, Rejected)
        assert run.exit == 4
    assert Position(steps, Workspace.open(root).store).take_all(entries(root)).gate("validation").open


def review(job: Job) -> Outcome:
    from tools.records import Check

    job.save_json("verdict.json", {"verdict": "no-go"})
    return Outcome(
        summary=say("no-go"),
        checks=(Check(id="holdout.metric", status="fail", blocking=True, value=0.5, criterion="≥"),),
    )
