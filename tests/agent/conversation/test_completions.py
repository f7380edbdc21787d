from __future__ import annotations

from agent.conversation.commands import COMMANDS
from agent.conversation.completing import completions
from agent.conversation.intents import understand
from agent.conversation.meanings import Intent, Vocabulary
from tests.agent.conversation.scenes import KNOWN


def texts(line: str, known: Vocabulary = KNOWN) -> list[str]:
    return [one.text for one in completions(line, known)]


def test_a_slash_offers_every_command_with_its_summary() -> None:
    offered = completions("/", KNOWN)
    assert [one.text.strip() for one in offered] == [f"/{name}" for name in COMMANDS]
    assert all(one.help for one in offered)
    assert texts("/w") == ["/why ", "/what-if "]
    assert texts("/b") == ["/back", "/budget"]


def test_arguments_are_completed_by_what_the_command_takes() -> None:
    assert texts("/show mod") == ["/show 13-model-card"]
    assert texts("/show 0") == ["/show 02-data-quality-report", "/show 05-baseline"]
    assert texts("/profile A") == ["/profile age", "/profile amount", "/profile account balance"]
    assert texts("/why spl") == ["/why split.kind", "/why split.test_size"]
    assert texts("/set test") == ["/set split.test_size="]
    assert texts("/fork ex") == ["/fork experimentation"]
    assert texts("/help wh") == ["/help why", "/help what-if"]
    assert texts("/what-if ") == ["/what-if threshold="]
    assert texts("/explain r") == ["/explain row "]
    assert texts("/compare x") == []
    assert texts("/nothing x") == []


def test_a_column_at_the_end_of_a_line_in_words_is_completed() -> None:
    assert texts("what about amo") == ["what about amount"]
    assert texts("a") == []
    assert texts("") == []


def test_what_is_completed_is_understood() -> None:
    for line in ("/show ", "/profile ", "/why ", "/fork ", "/help "):
        offered = texts(line)
        assert offered
        assert all(isinstance(understand(text, None, KNOWN), Intent) for text in offered)


def test_a_name_that_would_reach_the_terminal_is_not_offered() -> None:
    assert texts("/profile ", Vocabulary(columns=("a\x1b[2J", "b"))) == ["/profile b"]


def test_a_wide_table_offers_no_more_than_can_be_looked_at() -> None:
    assert len(texts("/profile ", Vocabulary(columns=tuple(f"c{i}" for i in range(1000))))) == 50
