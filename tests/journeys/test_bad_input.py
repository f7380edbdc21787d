"""The bad files of ``badinput``, each given to the command line as a person would: refused in one sentence or read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from tests.journeys.program import Done, Program, artifact, manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Find = Callable[[str], Path]
_LIST = SHARED / "badinput" / "expected.json"
EXPECTED: list[dict[str, Any]] = json.loads(_LIST.read_text("utf-8")) if _LIST.exists() else []
REJECTED = {"reject", "reject-or-ask"}
GATE = 'version: 1\ngates:\n  preparation: {decision: approve, by: Ada, reason: "I read the findings."}\n'


@dataclass(frozen=True)
class Given:
    """A file that was given to ``phasegate run``, and what came of it."""

    program: Program
    done: Done

    @property
    def said(self) -> str:
        """Everything that a person reads: what was printed, the findings, the documents."""
        texts = [self.done.out, self.done.err]
        if self.program.run.exists():
            texts += [path.read_text("utf-8") for path in self.documents]
            texts += [(self.program.run / "findings.json").read_text("utf-8")]
        return "\n".join(texts)

    @property
    def documents(self) -> list[Path]:
        folder = self.program.run / "dossier"
        return sorted(path for path in folder.glob("*") if path.suffix in {".html", ".md", ".ipynb", ".json"})

    @property
    def findings(self) -> list[dict[str, Any]]:
        return list(json.loads((self.program.run / "findings.json").read_bytes()))

    def about(self, column: str) -> set[str]:
        """The kinds of findings about a column."""
        return {finding["kind"] for finding in self.findings if column in finding["columns"]}

    def json(self, name: str) -> Any:
        return json.loads(artifact(self.program.workspace, self.program.run, name).read_bytes())


def give(program: Program, file: Path, *more: str) -> Given:
    """Run phase 1 on a file with every recommendation taken and gate 1 approved in advance."""
    gates = program.workspace.parent / "gates.yaml"
    gates.write_text(GATE, "utf-8")
    recorded = ("--target", "churned", "--accept-recommended", "--answers", gates, "--until", "preparation")
    return Given(program, program("run", file, *recorded, *more, code=None))


def mentions(text: str, words: list[str]) -> list[str]:
    """The words that are missing in a text."""
    return [word for word in words if word.lower() not in text.lower()]


def of(action: set[str]) -> list[Any]:
    rows = [row for row in EXPECTED if row["action"] in action]
    return [pytest.param(row, id=row["file"]) for row in rows] or [pytest.param({}, marks=pytest.mark.skip)]


@pytest.mark.parametrize("row", of(REJECTED))
def test_what_is_no_table_to_learn_from_is_refused_in_one_sentence(
    fresh: Program, badinput: Find, row: dict[str, Any]
) -> None:
    given = give(fresh, badinput(row["file"]))
    assert given.done.code == 2, given.done
    (sentence,) = given.done.err.strip().splitlines()
    assert len(sentence) < 400
    assert mentions(sentence, row["must_mention"]) == []
    assert not re.search(r"Error:|Exception|sklearn|pandas", sentence)
    finished = [step["id"] for step in manifest(fresh.run)["steps"]] if (fresh.run / "manifest.json").exists() else []
    assert "preparation.baseline" not in finished


@pytest.mark.parametrize("row", of({"accept", "warn"}))
def test_what_can_be_read_is_read_and_what_is_odd_about_it_is_said(
    fresh: Program, badinput: Find, row: dict[str, Any]
) -> None:
    given = give(fresh, badinput(row["file"]))
    assert given.done.code in {0, 3}, given.done
    if given.done.code == 3:  # a person has to look: at the gate, or at a question without advice
        assert fresh.pending()["type"] in {"gate", "question"}
        assert len(given.done.err.strip().splitlines()) == 2
    assert mentions(given.said, row["must_mention"]) == []
    assert fresh("verify").code == 0
    closer = CLOSER.get(row["file"])
    if closer is not None:
        closer(given)


def utf16(given: Given) -> None:
    assert given.json("reading.json")["encoding"].lower().startswith("utf-16")
    table = _contents(artifact(given.program.workspace, given.program.run, "table.parquet")).decode()
    assert "Besançon" in table
    assert "Köln" in table


def latin1(given: Given) -> None:
    reading = given.json("reading.json")
    assert reading["separator"] == ";"
    columns = {column["name"]: column for column in reading["columns"]}
    assert (columns["monthly_fee"]["type"], columns["monthly_fee"]["decimal"]) == ("number", ",")
    assert columns["signup_date"]["type"] == "date"


def duplicates(given: Given) -> None:
    names = [column["name"] for column in given.json("reading.json")["columns"]]
    assert len(names) == len(set(names)) == 9
    assert sum("monthly_fee" in name for name in names) == 2
    assert mentions(given.said, ["5", "9"]) == []


def odd_names(given: Given) -> None:
    for text in (given.done.out, given.done.err):
        assert "\x1b" not in text
    pages = "\n".join(path.read_text("utf-8") for path in given.documents if path.suffix == ".html")
    assert "<script>alert" not in pages
    assert not re.search(r"<img src=x", pages)


def injected(given: Given) -> None:
    decided = [
        json.loads(line) for line in (given.program.run / "ledger.jsonl").read_text("utf-8").splitlines() if line
    ]
    assert {entry["by"] for entry in decided if entry["type"] == "gate_decided"} <= {"Ada"}


def formulas(given: Given) -> None:
    for path in given.program.workspace.rglob("*.csv"):
        if "cache" not in path.parts:
            cells = [cell for line in path.read_text("utf-8").splitlines() for cell in line.split(",")]
            assert [cell for cell in cells if re.match(r'"?[=@]|"?[+-](?![\d.])', cell)] == []


def mixed(given: Given) -> None:
    columns = {column["name"]: column for column in given.json("reading.json")["columns"]}
    assert columns["monthly_fee"]["type"] == "number"
    assert "43" in given.said


def leaked(given: Given) -> None:
    assert given.done.code == 3 or "leakage" in given.about("status_code")
    assert "leakage" in given.about("status_code")
    assert "identifier" in given.about("customer_id")


def personal(given: Given) -> None:
    columns = {column for finding in given.findings if finding["kind"] == "personal" for column in finding["columns"]}
    assert {"name", "e-mail", "ssn", "card"} <= {column.lower() for column in columns}, columns


CLOSER: dict[str, Callable[[Given], None]] = {
    "utf16.csv": utf16,
    "latin1_semicolon.csv": latin1,
    "duplicate_columns.csv": duplicates,
    "odd_column_names.csv": odd_names,
    "prompt_injection.csv": injected,
    "formula_injection.csv": formulas,
    "mixed_and_missing.csv": mixed,
    "leaked_target.csv": leaked,
    "personal_data.csv": personal,
}


def test_personal_values_stand_nowhere_but_in_the_rows_themselves(fresh: Program, badinput: Find) -> None:
    """In the source and the tables made of its rows; in no record, log, document, plan, model or message."""
    import csv

    file = badinput("personal_data.csv")
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    given = give(fresh, file)
    private = [name for name in rows[0] if re.search(r"name|mail|ssn|card|phone", name, re.IGNORECASE)]
    assert len(private) >= 5
    values = {row[name].encode() for row in rows for name in private if len(row[name]) >= 6}
    assert len(values) > 300
    tables = {
        artifact(fresh.workspace, fresh.run, name)
        for name in ("table.parquet", "train.parquet", "validation.parquet", "test.parquet")
    }
    source = manifest(fresh.run)["source"]["sha256"]
    raw = {*tables, fresh.workspace / "objects" / source[:2] / source[2:]}
    found = {}
    for path in sorted(path for path in fresh.workspace.rglob("*") if path.is_file() and path not in raw):
        data = _contents(path)
        hits = {value for value in values if value in data}
        if hits:
            found[path.relative_to(fresh.workspace).as_posix()] = len(hits)
    assert found == {}
    printed = (given.done.out + given.done.err).encode()
    assert [value for value in values if value in printed] == []


def _contents(path: Path) -> bytes:
    """A file's bytes; of a Parquet file, whose pages are compressed, its values as text."""
    data = path.read_bytes()
    if data[:4] == b"PAR1":
        import pyarrow.parquet as pq

        return json.dumps(pq.read_table(path).to_pydict(), default=str, ensure_ascii=False).encode()
    return data
