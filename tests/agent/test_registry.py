from __future__ import annotations

from dataclasses import replace

import pytest

from agent.registry import BadDeclaration, Phase, Registry, registry
from agent.steps import Ask, Job, Kind, Step
from tests.agent.toy import toy
from tools.records import Outcome
from tools.wording import say


def body(job: Job) -> Outcome:
    return Outcome(summary=say("done"))


def step(name: str, needs: tuple[str, ...] = (), makes: tuple[str, ...] = (), asks: tuple[Ask, ...] = ()) -> Step:
    return Step(name, "", name, body, needs=needs, makes=makes, before=asks)


def of(*steps: Step) -> Registry:
    names = ("intake", "preparation", "experimentation", "validation", "deployment")
    return Registry(
        tuple(Phase(name, name, tuple(s for s in steps if s.phase == name), gated=name != "intake") for name in names)
    )


SPLIT = step("preparation.split", ("table.parquet",), ("train.parquet", "test.parquet"))
READ = step("intake.source", ("source", "source_test?"), ("table.parquet",))


def test_two_steps_can_not_make_one_file() -> None:
    with pytest.raises(BadDeclaration, match=r"x.json is made by intake.a and preparation.b"):
        of(step("intake.a", (), ("x.json",)), step("preparation.b", (), ("x.json?",)))


def test_a_need_must_be_made_by_a_step_before() -> None:
    with pytest.raises(BadDeclaration, match=r"intake.a needs x.json, which no step before it makes"):
        of(step("intake.a", ("x.json",)), step("preparation.b", (), ("x.json",)))
    of(step("intake.a", (), ("x.json",)), step("preparation.b", ("x.json", "intake.a.outcome")))


def test_two_steps_can_not_have_one_id_nor_two_questions() -> None:
    with pytest.raises(BadDeclaration, match=r"step intake.a is declared twice"):
        of(step("intake.a"), step("intake.a"))
    ask = Ask("a.b", "What?", "text")
    with pytest.raises(BadDeclaration, match=r"question a.b is declared twice"):
        of(step("intake.a", asks=(ask,)), step("intake.b", asks=(ask,)))


def test_a_step_belongs_to_a_phase() -> None:
    with pytest.raises(BadDeclaration, match="belongs to no phase"):
        Registry((Phase("preparation", "", (step("elsewhere.a"),)),))


@pytest.mark.parametrize("need", ["source", "source_test", "table.parquet", "test.parquet"])
@pytest.mark.parametrize("optional", ["", "?"])
@pytest.mark.parametrize("reader", ["preparation.later", "experimentation.tuning", "validation.fairness"])
def test_no_step_after_the_split_may_declare_what_holds_test_rows(reader: str, need: str, optional: str) -> None:
    with pytest.raises(BadDeclaration, match=r"sealed since preparation\.split"):
        of(READ, SPLIT, step(reader, (need + optional,)))


def test_only_the_holdout_opens_the_test_rows_and_hands_them_on_under_another_name() -> None:
    opener = step("validation.holdout", ("test.parquet",), ("opened.parquet",))
    of(READ, SPLIT, opener, step("validation.fairness", ("opened.parquet",)))
    with pytest.raises(BadDeclaration, match="sealed"):
        of(READ, SPLIT, replace(opener, needs=("table.parquet",)))


def test_a_question_id_finds_its_declaration_and_its_subject() -> None:
    known = of(
        step("intake.a", asks=(Ask("data.leakage.*", "What of {subject}?", "text"), Ask("a.b", "What?", "text")))
    )
    found = known.ask("data.leakage.price.eur")
    assert found is not None
    assert (found[1].id, found[2]) == ("data.leakage.*", "price.eur")
    plain = known.ask("a.b")
    assert plain is not None
    assert plain[2] == ""
    assert known.ask("data.leakage.") is None
    assert known.ask("data.leak") is None


def test_the_phases_before_a_phase_are_those_with_a_gate() -> None:
    assert [phase.name for phase in toy().before("experimentation")] == ["preparation"]
    assert toy().before("preparation") == ()


# the product's own declarations


def test_every_decision_that_a_step_reads_is_asked_somewhere() -> None:
    known = registry()
    asked = [ask.id for _, ask in known.asks()]
    lost = [
        f"{each.id} reads {name}"
        for each in known
        for name in each.decisions
        if known.ask(name) is None and not (name.endswith("*") and any(ask.startswith(name[:-1]) for ask in asked))
    ]
    assert lost == []


def test_no_derived_result_but_the_documents_rests_on_what_an_effect_made() -> None:
    known = registry()
    effects = {each.id for each in known if each.kind is Kind.EFFECT}
    resting = [
        f"{each.id} needs {need}"
        for each in known
        if each.kind is Kind.DERIVE and not each.id.endswith(".documents")
        for need in each.needs
        if known.makers.get(need.removesuffix("?")) in effects
    ]
    assert resting == []
