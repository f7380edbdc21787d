"""`phasegate look`: calm lines that fit the terminal, hostile text inert, personal values hidden, nothing written."""

from __future__ import annotations

import csv
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from agent.looking import Look, take
from tui.cli import app
from tui.sketch import FOREMOST, MOST_COLUMNS, bar_text, command, foremost, lines

Find = Callable[[str], Path]
HOSTILE = "\x1b]8;;http://x\x07go\x1b[2J [bold]@click=app.quit[/] \u202e\u009b31m\r\nline"


@cache
def seen(path: Path) -> Look:
    return take(str(path), {})


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["look", *arguments])


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("name", ["insurance_fraud/insurance_claims.csv", "ltr_search/ltr_table.parquet"])
def test_no_line_is_wider_than_the_terminal(shared: Find, name: str, width: int) -> None:
    assert max(map(cell_len, lines(seen(shared(name)), width))) <= width


def test_a_newcomer_reads_size_target_findings_columns_and_what_to_do_next(shared: Find) -> None:
    told = lines(seen(shared("telco_churn/Telco-Customer-Churn.csv")), then="phasegate run x.csv --target Churn")
    text = "\n".join(told)
    assert " ".join(text.split()).startswith(
        'Telco-Customer-Churn.csv: 7,043 rows, 21 columns. "Churn" looks like the target: Yes (27 %) against No'
    )
    assert '  ! "customerID" is different in every row' in text
    assert any(line.split()[:6] == ["MonthlyCharges", "number", "–", "1,585", "█▂▂▃▃▃▅▄▄▄▃▂", "18.2"] for line in told)
    assert any(
        "Contract" in line and line.endswith("Month-to-month 55 %, Two year 24 %, One year 21 %") for line in told
    )
    assert told[-1] == "next  phasegate run x.csv --target Churn"


def test_the_columns_of_the_table_are_aligned(shared: Find) -> None:
    told = lines(seen(shared("clothing_reviews/reviews.parquet")))
    head = next(line for line in told if "distinct" in line)
    rows = told[told.index(head) + 1 :]
    end = head.index("distinct") + len("distinct")
    assert len(rows) == 10
    assert all(row[end - 1].isdigit() and row[end : end + 2] in ("  ", "") for row in rows)
    assert any("<0.1 %" in row for row in rows)


def test_a_wide_table_shows_what_has_most_to_say_first_and_counts_the_rest(shared: Find) -> None:
    look = seen(shared("ltr_search/ltr_table.parquet"))
    shown = [column.name for column in foremost(look)]
    assert len(shown) == FOREMOST and shown[0] == look.leading
    assert {"qid", "split"} <= set(shown[:5])
    assert f"and {len(look.columns) - FOREMOST} columns more" in "\n".join(lines(look))
    narrow = seen(shared("telco_churn/Telco-Customer-Churn.csv"))
    assert len(narrow.columns) <= MOST_COLUMNS
    assert [column.name for column in foremost(narrow)] == [column.name for column in narrow.columns]


def test_a_bin_of_few_rows_is_drawn_and_an_empty_one_is_blank() -> None:
    assert bar_text((1000, 1, 0, 500)) == "█▁ ▅"
    assert bar_text(()) == ""


def test_hostile_names_and_values_are_inert(tmp_path: Path) -> None:
    rows = [[row, HOSTILE if row % 2 else "plain", "yes" if row % 3 else "no"] for row in range(60)]
    file = write(tmp_path / "hostile.csv", [f"{HOSTILE}1", HOSTILE, "churned"], rows)
    for arguments in ((str(file),), (str(file), "--json")):
        text = invoked(*arguments).stdout
        assert not [char for char in text if (ord(char) < 32 and char != "\n") or char in "\u202e\x7f\u009b"]
        assert "[bold]@click=app.quit[/]" in text
    names = [column["name"] for column in json.loads(invoked(str(file), "--json").stdout)["columns"]]
    assert names[2] == "churned" and "\x1b" in names[1]


def test_no_personal_value_is_printed(badinput: Find) -> None:
    file = badinput("personal_data.csv")
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    personal = {row[name] for row in rows for name in ("name", "e-mail", "ssn", "card", "phone")}
    for text in ("\n".join(lines(seen(file))), invoked(str(file), "--json").stdout):
        assert "churned" in text
        assert not [value for value in personal if value in text]
    assert "personal (e-mail), not shown" in "\n".join(lines(seen(file)))


def test_the_next_command_can_be_typed_as_it_stands() -> None:
    made = command("my data/t (1).csv", ["source.separator=;"], "monthly fee")
    assert shlex.split(made) == [
        "phasegate", "run", "my data/t (1).csv", "--set", "source.separator=;", "--target", "monthly fee",
    ]  # fmt: skip
    assert command("t.csv", (), None).endswith("--target COL")
    assert command("t.csv", (), "a\x1b[0mb").endswith("--target COL")
    assert command("t.csv", (), "--json").endswith("--target COL")


@pytest.mark.parametrize(
    ("name", "words"),
    [("empty.csv", "0 bytes"), ("ragged_rows.csv", "line 58"), ("truncated.csv.gz", "ends early")],
)
def test_a_bad_file_is_told_in_one_sentence_with_2(badinput: Find, name: str, words: str) -> None:
    done = invoked(str(badinput(name)))
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1
    error = json.loads(invoked(str(badinput(name)), "--json").stdout)["error"]
    assert error["code"] == 2 and words in error["message"]


def test_nothing_is_written_anywhere(tmp_path: Path, repository: Path) -> None:
    """As a program of its own, whose home, temporary folder and working folder are looked at before and after."""
    places = {name: tmp_path / name for name in ("home", "here", "temporary")}
    for place in places.values():
        place.mkdir()
    table = write(places["here"] / "t.csv", ["a", "b"], [[row, row % 2] for row in range(40)])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(repository), "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(places["home"]), "TMPDIR": str(places["temporary"]), "XDG_CONFIG_HOME": str(places["home"] / "c"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", "from tui.cli import main; main()", "look", table.name],
        cwd=places["here"], env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("t.csv: 40 rows, 2 columns")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
