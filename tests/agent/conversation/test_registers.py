from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.conversation.registers import Item, Register, registers_of
from agent.decisions import Decision
from agent.position import Position
from tests.agent.conversation.scenes import position
from tools.records import Check, Outcome, Status
from tools.wording import say

COLUMNS = [{"name": "age", "missing_share": 0.0}, {"name": "income", "missing_share": 0.0}]


def check(name: str, status: Status) -> Check:
    return Check(id=name, status=status, blocking=False, value=0.9, criterion="≥ 0.5", title=name)


def leaky(*checks: Check) -> Outcome:
    return Outcome(summary=say("{n} column knows the answer", n=1), checks=checks)


def started(folder: Path, artifacts: dict[str, Any] | None = None, **more: Any) -> Position:
    found = position(folder, artifacts or {}, **more)
    found.started = {"source": {"name": "loans.csv", "sha256": "0" * 64}}
    return found


def of(found: Position, title: str, phase: str = "preparation") -> Register:
    (register,) = [one for one in registers_of(found, phase) if one.title.startswith(title)]
    return register


def item(register: Register, name: str) -> Item:
    (one,) = [each for each in register.items if each.name == name]
    return one


def test_a_run_that_has_not_begun_has_no_registers(tmp_path: Path) -> None:
    assert registers_of(position(tmp_path, {}), "preparation") == ()


def test_a_gate_shows_risks_assumptions_hypotheses_and_hand_offs_in_this_order(tmp_path: Path) -> None:
    titles = [register.title.partition(",")[0] for register in registers_of(started(tmp_path), "preparation")]
    assert titles == ["Risks", "Assumptions", "Hypotheses", "Hand-offs"]


def test_the_register_holds_the_twelve_risks_and_the_nine_hand_offs_of_the_guidance(tmp_path: Path) -> None:
    found = started(tmp_path)
    assert len(of(found, "Risks").items) == 12
    assert len(of(found, "Hand-offs").items) == 9


def test_a_risk_says_what_its_step_found_and_bears_the_gravest_state_of_its_checks(tmp_path: Path) -> None:
    checks = (check("data.leakage.age", "pass"), check("data.leakage.due", "warn"), check("data.group", "fail"))
    found = started(tmp_path, outcomes={"preparation.leakage": leaky(*checks)})
    leakage = item(of(found, "Risks"), "Data leakage")
    assert leakage == Item("Data leakage", "1 column knows the answer.", "warn"), "data.group does not watch it"


def test_a_check_whose_name_only_begins_alike_does_not_watch_a_risk(tmp_path: Path) -> None:
    found = started(tmp_path, outcomes={"preparation.leakage": leaky(check("data.leakages", "fail"))})
    assert item(of(found, "Risks"), "Data leakage").status == ""


def test_a_risk_whose_step_has_not_run_names_that_step_and_bears_no_state(tmp_path: Path) -> None:
    risk = item(of(started(tmp_path), "Risks"), "Concept drift")
    assert risk.said.startswith("comes with") and "monitoring" in risk.said
    assert risk.status == ""


def test_a_risk_that_does_not_apply_says_why_in_the_whole_register(tmp_path: Path) -> None:
    found = started(tmp_path, {"train_profile.json": {"columns": COLUMNS}})
    assert "none of the 2 columns misses a value in the training rows" in of(found, "Risks").text


def test_what_deserves_a_look_stands_first_and_what_passed_last(tmp_path: Path) -> None:
    states: dict[str, Status] = {"data.leakage.a": "pass", "size": "insufficient", "privacy": "warn", "latency": "fail"}
    outcome = leaky(*(check(name, status) for name, status in states.items()))
    items = of(started(tmp_path, outcomes={"preparation.leakage": outcome}), "Risks").items
    assert [each.name for each in items[:3]] == ["Latency", "Scalability", "Compliance"]
    assert {each.status for each in items[3:-1]} == {""}, "what no check watches stands between"
    assert (items[-1].name, items[-1].status) == ("Data leakage", "pass")


def test_a_register_in_short_holds_the_names_of_the_whole_one(tmp_path: Path) -> None:
    found = started(tmp_path, outcomes={"preparation.leakage": leaky()})
    for register in registers_of(found, "preparation"):
        assert register.text.startswith(f"# {register.title}\n")
        for each in register.items:
            assert each.name in register.text.replace("\\", "")


def decided(found: Position, name: str, value: Any, source: Any, why: str = "", reason: str | None = None) -> None:
    found.decisions[name] = Decision(id=name, value=value, source=source, why=why, reason=reason, recommended=value)


def test_what_was_taken_because_nobody_said_otherwise_is_an_assumption(tmp_path: Path) -> None:
    found = started(tmp_path)
    decided(found, "split.kind", "stratified", "recommended", why="the classes are of unequal size")
    decided(found, "split.test_size", 0.25, "person", reason="as agreed")
    decided(found, "requirements.growth", None, "person")
    register = of(found, "Assumptions")
    assert [each.name for each in register.items] == ["requirements.growth", "split.kind"]
    assert "stratified" in item(register, "split.kind").said
    assert "The classes are of unequal size" in item(register, "split.kind").said
    assert item(register, "requirements.growth").said.startswith("left open")
    assert "as agreed" not in register.text


def test_where_everything_was_stated_the_register_of_assumptions_says_so(tmp_path: Path) -> None:
    found = started(tmp_path)
    decided(found, "split.kind", "stratified", "person")
    register = of(found, "Assumptions")
    assert register.items == ()
    assert register.text.rstrip().endswith("None.")


def test_an_answer_of_a_later_phase_is_no_assumption_at_an_earlier_gate(tmp_path: Path) -> None:
    found = started(tmp_path)
    decided(found, "search.trials", 60, "recommended")
    assert of(found, "Assumptions").items == ()
    assert [each.name for each in of(found, "Assumptions", "experimentation").items] == ["search.trials"]


def test_a_hypothesis_is_told_with_its_result_once_it_was_tested(tmp_path: Path) -> None:
    found = started(tmp_path, outcomes={"preparation.leakage": leaky()})
    register = of(found, "Hypotheses")
    assert item(register, "No column knows the answer beforehand.").said == "1 column knows the answer."
    assert item(register, "What is learned holds on rows never seen.").said == "not tested yet"


def test_an_outcome_of_a_later_phase_is_not_told_at_an_earlier_gate(tmp_path: Path) -> None:
    held = Outcome(summary=say("it holds"))
    found = started(tmp_path, outcomes={"validation.holdout": held})
    name = "What is learned holds on rows never seen."
    assert item(of(found, "Hypotheses", "preparation"), name).said == "not tested yet"
    assert item(of(found, "Hypotheses", "validation"), name).said == "It holds."


def test_a_hand_off_is_open_until_its_step_has_run(tmp_path: Path) -> None:
    before = item(of(started(tmp_path / "a"), "Hand-offs"), "Data pipeline")
    after = started(tmp_path / "b", outcomes={"preparation.features": Outcome(summary=say("planned"))})
    assert before.said.startswith("comes with")
    assert item(of(after, "Hand-offs"), "Data pipeline").said == "handed out"


def test_text_from_data_is_harmless_in_short_and_escaped_in_the_whole(tmp_path: Path) -> None:
    found = started(tmp_path)
    decided(found, "data.drop", ["a\x1b[31m", "<b>|[x](y)"], "recommended")
    register = of(found, "Assumptions")
    assert "\x1b" not in register.items[0].said + register.text
    assert "<b>" not in register.text and "[x](y)" not in register.text


def test_a_line_of_a_register_is_cut_where_it_would_fill_the_screen(tmp_path: Path) -> None:
    found = started(tmp_path)
    decided(found, "requirements.problem", "x" * 5000, "recommended")
    assert len(of(found, "Assumptions").items[0].said) <= 400
