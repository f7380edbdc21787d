from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.conversation.about import ABOUT, about, history
from agent.conversation.parts import Bars, Text
from agent.conversation.view import SessionView
from agent.decisions import GateDecision
from agent.registry import registry
from tests.agent.conversation.scenes import position, question

COLUMN = {
    "name": "phone", "role": "text", "type": "text", "distinct": 9, "rows": 10, "missing_share": 0.0,
    "personal": "telephone number", "protected": None, "first": None, "last": None, "numbers": None, "top": [],
}  # fmt: skip


def asked(name: str, folder: Path, artifacts: dict[str, Any], decisions: dict[str, Any] | None = None) -> Any:
    one = question("choice", ["drop", "keep"]).model_copy(update={"id": name})
    return about(SessionView(position(folder, artifacts, decisions)), one)


def test_every_question_with_evidence_of_its_own_is_one_of_the_product() -> None:
    assert set(ABOUT) <= {ask.id for _, ask in registry().asks()}


def test_a_question_about_a_column_is_about_its_profile(tmp_path: Path) -> None:
    files = {"reading.json": {"columns": [{"name": "phone"}]}, "profile.json": {"columns": [COLUMN]}}
    parts = asked("data.personal.phone", tmp_path, files)
    assert isinstance(parts[0], Text)
    assert "9 distinct values" in parts[0].markdown
    assert "personal data" in parts[1].markdown


def test_the_target_is_chosen_among_candidates_with_their_reasons(tmp_path: Path) -> None:
    peek = {"targets": [{"column": "risk", "reason": "its name says so", "score": 9.5}], "columns": []}
    assert asked("data.target", tmp_path, {"peek.json": peek}) == (Text("- **risk**: its name says so"),)


def test_the_positive_class_is_chosen_beside_the_rows_of_each_class(tmp_path: Path) -> None:
    peek = {"targets": [], "columns": [{"name": "risk", "classes": {"bad": 300, "good": 700}}]}
    (bars,) = asked("data.positive_class", tmp_path, {"peek.json": peek}, {"data.target": "risk"})
    assert bars == Bars("rows by risk", (("bad", 300.0, "300"), ("good", 700.0, "700")))


def test_any_other_question_is_about_its_answers(tmp_path: Path) -> None:
    assert asked("split.kind", tmp_path, {}) == (Text("- **drop**: it is so\n- **keep**: it is so"),)


def test_the_history_tells_who_decided_what_and_why_the_latest_first(tmp_path: Path) -> None:
    found = position(tmp_path, {}, {"split.kind": "stratified", "data.drop": ["id\x1b[31m"]})
    approved = GateDecision(
        gate="preparation", decision="approve", by="Bo", reason="agreed", evidence="0" * 64, bound=True,
        recommendation="approve",
    )  # fmt: skip
    found.gate("preparation").decisions.append(approved)
    rows = history(found).rows
    assert [row[0] for row in rows] == ["gate preparation", "data.drop", "split.kind"]
    assert rows[0] == ("gate preparation", "approve", "Bo", "agreed")
    assert rows[2] == ("split.kind", "stratified", "Ada", "")
    assert "\x1b" not in rows[1][1]
