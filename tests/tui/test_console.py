"""What a headless run prints: the run's own line first, each thing once, no number parted from its unit."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from agent.events import Event
from agent.wording import count_words, foremost, shown_value
from tui.console import Account
from tui.ending import WORKSPACE


def printed(*events: Event) -> str:
    out = io.StringIO()
    account = Account("0.1.0", WORKSPACE, out)
    for event in events:
        account(event)
    account.close()
    return out.getvalue()


def answered(name: str, value: Any, source: str = "file") -> Event:
    data = {"id": name, "value": value, "source": source, "by": None, "reason": None}
    return Event(type="question_answered", run="r", step="intake.source", data=data)


def check(id: str, status: str, blocking: bool = False) -> dict[str, Any]:
    return {"id": id, "status": status, "blocking": blocking, "title": id, "measured": "", "criterion": ""}


STARTED = Event(
    type="run_started", run="0001-heron", data={"source": {"name": "loans.csv"}, "seed": 0, "advisor": "expert"}
)


def test_the_runs_own_line_comes_first_even_where_settings_were_given() -> None:
    text = printed(answered("source.names", ["a", "b"], "flag"), STARTED)
    assert text.startswith("phasegate 0.1.0 · loans · run 0001-heron")
    assert "source.names = a, b" in text


def test_of_many_answers_from_a_file_the_first_are_repeated_and_the_rest_counted() -> None:
    text = printed(*(answered(f"requirements.q{place}", place) for place in range(9)))
    assert "requirements.q3 = 3; and 5 more" in text
    assert "requirements.q4" not in text
    assert "requirements.q4" in printed(*(answered(f"requirements.q{place}", place) for place in range(5)))


def test_what_was_recommended_is_shown_whole() -> None:
    text = printed(*(answered(f"requirements.q{place}", place, "recommended") for place in range(9)))
    assert "requirements.q8 = 8" in text


def test_a_number_stays_beside_its_unit() -> None:
    for width in range(40):
        data = {
            "phase": "intake", "guidance": "", "title": "source", "summary": "a" * (45 + width) + " 47 % and 12 ms",
            "notes": (),
        }  # fmt: skip
        lines = printed(Event(type="step_finished", run="r", step="intake.source", data=data)).splitlines()
        assert not any(line.strip().startswith(("%", "ms")) for line in lines)


def test_a_group_is_not_told_where_its_column_is() -> None:
    checks = [
        check("fairness.sex", "fail", True), check("fairness.sex.female", "fail"), check("fairness.sex+age", "fail"),
        check("fairness.race+age", "fail"), check("latency", "warn"),
    ]  # fmt: skip
    assert [each["id"] for each in foremost(checks)] == ["fairness.sex", "fairness.race+age", "latency"]


def test_checks_are_counted_in_words_that_fit_the_number() -> None:
    assert count_words([check("a", "pass")]) == "1 check: 1 passes"
    assert count_words([check("a", "pass"), check("b", "pass"), check("c", "warn")]) == "3 checks: 2 pass, 1 warns"
    assert count_words([]) == "no checks"


def test_a_decided_number_is_shown_as_it_was_stated() -> None:
    assert [shown_value(value) for value in (0.7, [0.01, 0.05], 1024, 0.2)] == ["0.7", "0.01, 0.05", "1,024", "0.2"]


def test_the_last_lines_stay_in_line_where_the_workspace_is_named() -> None:
    closing = ["Verdict: go.", "  dossier    phasegate open", "  next       phasegate serve starts the endpoint"]
    out = io.StringIO()
    Account("0.1.0", Path("elsewhere"), out)(Event(type="finished", run="r", data={"closing": closing}))
    assert out.getvalue().splitlines()[1:] == [
        "  dossier    phasegate open --workspace elsewhere",
        "  next       phasegate serve --workspace elsewhere starts the endpoint",
    ]
