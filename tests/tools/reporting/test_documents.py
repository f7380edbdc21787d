"""Documents rest on evidence, hold no outside address, show what is missing, and are the same to the byte each time."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.tools.reporting.conftest import loans, material
from tests.tools.reporting.reading import ADDRESS, Page
from tools.records import Outcome
from tools.reporting import dossier, html
from tools.reporting.contents import DELIVERABLES, PHASES
from tools.reporting.documents.registry import BUILDERS
from tools.reporting.html import raw_text
from tools.reporting.material import DecisionFacts, Material, UnknownEvidence, line
from tools.reporting.sections import Document, Missing, Section, Value, words
from tools.wording import say

REPORTING = Path(html.__file__).parent


@pytest.fixture(scope="module")
def pages(run_material: Material) -> dict[str, str]:
    """Every page of all four phases: the later ones mostly say what is missing."""
    found = {}
    for phase in PHASES:
        for name, content in dossier.render(run_material, phase).items():
            if name.endswith(".html"):
                found[f"{phase}/{name}"] = content.decode()
    return found


def test_every_deliverable_has_a_builder() -> None:
    assert [each.stem for each in DELIVERABLES] == sorted(BUILDERS)
    assert len(BUILDERS) == 19


def test_no_digit_stands_outside_evidence(pages: dict[str, str]) -> None:
    stray = {name: Page(text).digits for name, text in pages.items()}
    assert {name: found for name, found in stray.items() if found} == {}


def test_a_stray_digit_would_be_found(run_material: Material) -> None:
    document = Document("01-problem-statement", "Planted", words("There are 42 of them."), ())
    assert Page(html.page(document, head=())).digits == ["There are 42 of them."]


def test_every_figure_traces_to_the_evidence_it_names(pages: dict[str, str], run_material: Material) -> None:
    seen = 0
    for text in pages.values():
        for identity, raw, shown in Page(text).evidence:
            if identity.startswith(("notebook.ipynb", "cleaning.yaml")):
                continue
            value = run_material.resolve(identity)
            if raw is not None:
                assert raw == raw_text(value), identity
                seen += 1
            assert shown or value == "", identity
    assert seen > 150


def test_a_figure_without_evidence_is_refused(run_material: Material) -> None:
    with pytest.raises(UnknownEvidence):
        run_material.number("preparation.split/rows_in_the_moon")
    with pytest.raises(UnknownEvidence):
        run_material.number("split.json#/parts/test/no")


def test_figures_are_found_by_every_kind_of_id(run_material: Material) -> None:
    assert run_material.number("preparation.split/train").shown == "256"
    assert run_material.number("preparation.split/summary.train").raw == 256
    assert run_material.number("preparation.discovery/representation.purpose.share", "pct").shown == "96 %"
    assert run_material.number("preparation.leakage/data.leakage.criterion").shown == "at most 0 columns"
    assert run_material.number("preparation.baseline/simple.roc_auc.upper", "ratio").shown == "0.82"
    assert run_material.number("split.json#/parts/train/classes/bad").raw == 77
    assert run_material.number("split.json#/parts|count").shown == "3"
    assert run_material.number("record.json#/gates/0/overrides/0").shown == "data.rows"


def test_nothing_points_outside(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        assert not ADDRESS.search(text), name
        page = Page(text)
        assert not page.tags & {"script", "link", "iframe", "object", "embed", "form"}, name
        assert all(re.fullmatch(r"#[a-z-]+|[a-z0-9.-]+\.(html|ipynb)", href) for href in page.links), name


def test_links_lead_to_pages_that_exist_or_are_announced(pages: dict[str, str]) -> None:
    known = {each.page for each in DELIVERABLES} | {each.main for each in DELIVERABLES} | {"index.html"}
    for text in pages.values():
        assert {href for href in Page(text).links if not href.startswith("#")} <= known


def test_hostile_column_names_stay_text(badinput: Callable[[str], Path]) -> None:
    with badinput("odd_column_names.csv").open(encoding="utf-8", newline="") as file:
        odd = [name for name in next(csv.reader(file)) if name]
    odd += ['"><script>alert(1)</script>', "[@click=app.approve]x", "a'b&c\u202e</data>", "../../etc", "a/b~c"]
    for name in odd:
        m = material(loans(names=(f"{name} ", name, f" {name}")), column=name)
        files = dossier.render(m, "preparation")
        for content in (content for file, content in files.items() if file.endswith(".html")):
            page = Page(content.decode())
            assert "script" not in page.tags and "b" not in page.tags
            assert page.digits == []
            for identity, raw, _ in page.evidence:
                if raw is not None:
                    assert raw == raw_text(m.resolve(identity))


def test_markdown_of_the_card_holds_no_markup_from_data() -> None:
    m = material(loans(), column="[x](javascript:alert)<b>`|\n# y")
    card = dossier.render(m, "validation")["13-model-card.md"].decode()
    shown = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(card)
    assert "<b>" not in shown and "javascript:alert" in shown and 'href="javascript' not in shown
    assert shown.count("<h1>") == 1 and shown.count("<h2>") == 9


def test_a_missing_part_says_so_and_why(run_material: Material) -> None:
    page = html.page(BUILDERS["11-test-results"](run_material), head=())
    assert 'class="missing"' in page and "which has not run yet" in page and "3.1 holdout test" in page


def test_the_first_page_says_what_is_still_to_come(run_material: Material) -> None:
    early = dossier.index_page(run_material, "preparation")
    assert "Still to come" in early and "No verdict yet" in early
    assert "Still to come" not in dossier.index_page(run_material, "deployment")


def test_the_first_page_changes_with_the_data(run_material: Material) -> None:
    other = material(loans(300))
    first, second = (dossier.index_page(m, "preparation") for m in (run_material, other))
    assert first != second  # the shares and intervals of the explored rows differ: 400 rows against 300


def test_rendering_twice_gives_the_same_bytes(run_material: Material) -> None:
    again = material(loans())
    for phase in PHASES:
        assert dossier.render(run_material, phase) == dossier.render(again, phase)


def test_conditions_and_overrides_stand_on_the_card(run_material: Material) -> None:
    card = dossier.render(run_material, "validation")["13-model-card.md"].decode()
    assert "review 2 groups by hand" in card and "data.rows" in card and "agreed with risk on page 3" in card


def test_the_registers_hold_twelve_risks_and_nine_hand_offs(run_material: Material) -> None:
    from tools.reporting import registers

    assert len(registers.risks(run_material).rows) == 12
    assert len(registers.hand_offs(run_material).rows) == 9


def test_a_risk_that_does_not_apply_says_why(run_material: Material) -> None:
    from tools.reporting import registers
    from tools.reporting.sections import plain

    columns = [{"name": "a", "missing_share": 0.0}, {"name": "b", "missing_share": 0.0}]
    whole = Material(run_material.record, run_material.outcomes, {"train_profile.json": {"columns": columns}})
    columns = [{"name": "a", "missing_share": 0.25}]
    holed = Material(run_material.record, run_material.outcomes, {"train_profile.json": {"columns": columns}})
    texts = ["".join(plain(cell) for cell in registers.risks(m).rows[2]) for m in (whole, holed)]  # type: ignore[arg-type]
    assert "not applicable, because none of the 2 columns" in texts[0] and "not applicable" not in texts[1]


def test_a_risk_tells_its_own_figure_and_not_what_a_step_happens_to_say(run_material: Material) -> None:
    from tools.records import Outcome
    from tools.reporting import registers
    from tools.reporting.sections import plain
    from tools.wording import say

    told = {
        "preparation.cleaning": {"gaps": 12, "gap_columns": 2, "cells": 0, "outliers": "keep"},
        "experimentation.error_analysis": {"training_loss": 0.15, "oof_loss": 0.2},
    }
    outcomes = {step: Outcome(summary=say('"marital" left out'), facts=facts) for step, facts in told.items()}
    m = Material(run_material.record, {**run_material.outcomes, **outcomes}, {})
    texts = ["".join(plain(row[2])) for row in registers.risks(m).rows]  # type: ignore[arg-type]
    assert texts[2] == "12 values are missing in 2 columns of the training rows."
    assert texts[3].startswith("Keep; 0 values") and texts[4].startswith("Loss of 0.150 on rows seen, 0.200")


def test_what_was_decided_about_a_column_settles_its_findings(run_material: Material) -> None:
    def dangers(*decisions: DecisionFacts) -> str:
        record = run_material.record.model_copy(update={"decisions": decisions})
        page = dossier.index_page(Material(record, run_material.outcomes, run_material.artifacts), "preparation")
        return page.partition('id="what-could-go-wrong')[2].partition("</section>")[0]

    assert "one level" in dangers()
    assert "one level" in dangers(DecisionFacts(id="data.leakage.purpose", value="keep"))
    assert "one level" not in dangers(DecisionFacts(id="data.leakage.purpose", value="drop"))
    assert "one level" not in dangers(DecisionFacts(id="data.drop", value=["purpose"]))


def test_the_census_counts_figures_and_missing_parts() -> None:
    document = Document(
        "x", "Planted", line("{n}", n=Value("a/b", 3, "3")), (Section("s", (Missing("Costs", words("unknown")),)),)
    )
    assert dossier.census({"x": document}) == (1, [("Planted", "Costs")])


def test_decimals_align_by_blank_figures() -> None:
    from tools.reporting.sections import Column, Table

    rows = tuple(((Value("a/b", value, shown),),) for value, shown in ((1.5, "1.50"), (12.0, "12"), (0.25, "0.250")))
    cells = re.findall(r"<td[^>]*>.*?</td>", html.block(Table((Column("v", "number"),), rows)))
    tails = [cell.removesuffix("</td>").rpartition("</data>")[2] for cell in cells]
    assert [len(tail) for tail in tails] == [1, 4, 0]


def test_our_own_words_hold_no_digit() -> None:
    """Templates of the documents: string constants that reach a reader through ``words``, ``line`` and ``say``."""
    found = []
    for path in [*REPORTING.glob("*.py"), *REPORTING.glob("documents/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = getattr(getattr(node, "func", None), "id", "")
            if called in ("words", "line", "say", "section", "Words", "Missing", "Column", "metric"):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and re.search(r"\d", part.value):
                        found.append((path.name, part.value))
    allowed = re.compile(r"\d\d-[a-z-]+|p95_ms|latency_p95_ms|13-model-card.*|.*sha256.*")
    assert [(name, text) for name, text in found if not allowed.fullmatch(text)] == []


def test_a_finding_reads_as_a_sentence(run_material: Material) -> None:
    from tools.reporting.blocks import sentence_case
    from tools.reporting.sections import plain

    m = Material(run_material.record, {"intake.source": Outcome(summary=say("rows: {n|int}, all read", n=7))})
    assert plain(sentence_case(m.summary("intake.source") or ())) == "Rows: 7, all read."
