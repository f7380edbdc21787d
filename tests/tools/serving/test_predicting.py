"""Scoring a file: rows and order kept, any format in and out, each row's trouble named, cells harmless."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.tools.serving.making import Made, make_scorer
from tools.data.sources import read_table
from tools.errors import InputError
from tools.serving.predicting import predict
from tools.serving.service.predict import predict_file
from tools.serving.service.tabular import guarded, places, write_table


def rows(count: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": [f"K{i}" for i in range(count)],
            "age": rng.integers(18, 90, count),
            "fee": np.round(rng.lognormal(3, 1, count), 2),
            "city": rng.choice(["Graz", "Wien"], count),
            "since": [f"2024-{1 + i % 12:02d}-01" for i in range(count)],
            "member": rng.choice(["yes", "no"], count),
            "left": rng.choice(["yes", "no"], count),
        }
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    rows().to_csv(folder / "train.csv", index=False)
    frame, reading = read_table(folder / "train.csv")
    return make_scorer(folder / "scorer", frame, reading, "left")


def scored(made: Made, data: Path, out: Path) -> pd.DataFrame:
    predict(made.folder, data, out)
    return pd.read_csv(out, dtype=str, keep_default_na=False)


def test_rows_keep_their_order_and_the_target_is_not_needed(made: Made, tmp_path: Path) -> None:
    frame = rows()
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.drop(columns=["left", "id"]).to_csv(tmp_path / "b.csv", index=False)
    frame.assign(left="no").to_csv(tmp_path / "c.csv", index=False)
    first = scored(made, tmp_path / "a.csv", tmp_path / "oa.csv")
    assert list(first.columns) == ["prediction", "p_no", "p_yes", "error"]
    assert len(first) == 300
    for name in ("b", "c"):
        pd.testing.assert_frame_equal(scored(made, tmp_path / f"{name}.csv", tmp_path / f"o{name}.csv"), first)


def test_every_format_in_gives_the_same_predictions(made: Made, tmp_path: Path) -> None:
    frame = rows(50)
    frame.to_csv(tmp_path / "a.csv", index=False)
    expected = scored(made, tmp_path / "a.csv", tmp_path / "o.csv")
    typed = frame.assign(since=pd.to_datetime(frame["since"]).astype("datetime64[us]"))
    typed.to_parquet(tmp_path / "b.parquet")
    frame.to_json(tmp_path / "c.jsonl", orient="records", lines=True)
    frame.to_csv(tmp_path / "d.csv", index=False, sep=";", encoding="utf-16")
    typed.to_excel(tmp_path / "e.xlsx", index=False)
    typed.to_feather(tmp_path / "f.arrow")
    frame.to_csv(tmp_path / "g.csv.gz", index=False)
    (tmp_path / "folder").mkdir()
    typed.to_parquet(tmp_path / "folder" / "part.parquet")
    frame.to_csv(tmp_path / "h.csv.bz2", index=False)
    frame.to_csv(tmp_path / "i.zip", index=False, compression={"method": "zip", "archive_name": "rows.csv"})
    frame.to_json(tmp_path / "j.json", orient="records")
    packed = ("g.csv.gz", "h.csv.bz2", "i.zip")
    for name in ("b.parquet", "c.jsonl", "d.csv", "e.xlsx", "f.arrow", *packed, "folder", "j.json"):
        pd.testing.assert_frame_equal(scored(made, tmp_path / name, tmp_path / "o.csv"), expected)


def test_every_format_out_holds_the_same_numbers(made: Made, tmp_path: Path) -> None:
    frame = rows(40)
    frame.loc[3, "city"] = ""
    text = frame.astype(str)
    text.loc[5, "age"] = "old"
    text.to_csv(tmp_path / "a.csv", index=False)
    outs = {ending: tmp_path / f"o{ending}" for ending in (".csv", ".tsv", ".parquet", ".jsonl")}
    for out in outs.values():
        predict(made.folder, tmp_path / "a.csv", out)
    parquet = pd.read_parquet(outs[".parquet"])
    lines = [json.loads(line) for line in outs[".jsonl"].read_text().splitlines()]
    csv = pd.read_csv(outs[".csv"])
    assert parquet["p_yes"].isna().sum() == 1
    assert [line["p_yes"] for line in lines] == [None if v != v else v for v in parquet["p_yes"]]
    assert csv["p_yes"].equals(parquet["p_yes"])
    assert pd.read_csv(outs[".tsv"], sep="\t").equals(csv)


def test_a_row_that_can_t_be_scored_has_empty_cells_and_names_its_column(made: Made, tmp_path: Path) -> None:
    lines = rows(6).to_csv(index=False).splitlines()
    lines[2] = "K1,old,1.5,Graz,2024-01-01,yes,no"
    lines[4] = "K3,40,1.5,Graz"
    (tmp_path / "a.csv").write_text("\n".join(lines))
    out = scored(made, tmp_path / "a.csv", tmp_path / "o.csv")
    assert list(out.iloc[1]) == ["", "", "", "age: 'old' is not a number"]
    assert out.loc[3, "error"] == "the line has 4 fields where 7 are expected"
    assert (out.loc[[0, 2, 4, 5], "error"] == "").all()
    report = predict(made.folder, tmp_path / "a.csv", tmp_path / "o.csv")
    assert (report.rows, report.failed) == (6, 2)


def test_a_needed_column_that_is_missing_is_named(made: Made, tmp_path: Path) -> None:
    rows(5).drop(columns="fee").to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError) as refused:
        predict(made.folder, tmp_path / "a.csv", tmp_path / "o.csv")
    assert "fee" in refused.value.message and refused.value.code == 2 and refused.value.column == "fee"
    assert not (tmp_path / "o.csv").exists()


def test_extra_columns_are_noted(made: Made, tmp_path: Path) -> None:
    rows(5).assign(mood="fine").to_csv(tmp_path / "a.csv", index=False)
    report = predict(made.folder, tmp_path / "a.csv", tmp_path / "o.csv")
    assert report.extra == ("mood",)
    assert "mood" in str(report.notes[0])


@pytest.mark.parametrize(
    ("data", "out"),
    [
        ("a.csv", "o.pickle"),
        ("a.csv", "a.csv"),
        ("nowhere.csv", "o.csv"),
        ("empty.csv", "o.csv"),
        ("a.png", "o.csv"),
    ],
)
def test_what_can_t_be_read_or_written_is_said_in_one_sentence(made: Made, tmp_path: Path, data: str, out: str) -> None:
    rows(5).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "empty.csv").touch()
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InputError) as refused:
        predict(made.folder, tmp_path / data, tmp_path / out)
    assert refused.value.code == 2


def test_a_table_without_header_is_found_by_place(tmp_path: Path) -> None:
    frame = rows()
    frame.to_csv(tmp_path / "t.csv", index=False, header=False)
    train, reading = read_table(tmp_path / "t.csv", {"header": False})
    target = str(train.columns[-1])
    made = make_scorer(tmp_path / "s", train, reading, target)
    whole = scored(made, tmp_path / "t.csv", tmp_path / "a.csv")
    frame.drop(columns="left").to_csv(tmp_path / "u.csv", index=False, header=False)
    pd.testing.assert_frame_equal(scored(made, tmp_path / "u.csv", tmp_path / "b.csv"), whole)
    frame.set_axis(train.columns, axis=1).to_csv(tmp_path / "v.csv", index=False)
    pd.testing.assert_frame_equal(scored(made, tmp_path / "v.csv", tmp_path / "c.csv"), whole)


def test_columns_of_one_name_are_told_apart_by_their_order() -> None:
    columns = [
        {"name": "fee", "position": 1, "type": "number", "renamed_from": None},
        {"name": "fee (2)", "position": 2, "type": "number", "renamed_from": "fee"},
        {"name": "y", "position": 3, "type": "text", "renamed_from": None},
    ]
    assert places(["y", "fee", "x", "fee"], 4, {"columns": columns}, "y") == {"fee": 1, "fee (2)": 3, "y": 0}


def test_no_cell_is_a_formula() -> None:
    assert [guarded(text) for text in ("=1+1", "+49 1", "-x", "@a", "-5", "+1.5e3", "plain", "")] == [
        "'=1+1", "'+49 1", "'-x", "'@a", "-5", "+1.5e3", "plain", "",
    ]  # fmt: skip


def test_a_class_that_looks_like_a_formula_is_written_harmless(tmp_path: Path) -> None:
    write_table(tmp_path / "o.csv", {"prediction": ["=cmd()", None], "p_=cmd()": [0.5, None], "error": [None, "x: -"]})
    assert (tmp_path / "o.csv").read_text().splitlines() == [
        "prediction,p_=cmd(),error",
        "'=cmd(),0.5,",
        ",,x: -",
    ]


@pytest.mark.integration
def test_the_bundle_scores_a_file_like_phasegate_without_any_of_its_packages(made: Made, tmp_path: Path) -> None:
    import shutil

    from tools.serving import service

    home = Path(service.__file__).parent
    shutil.copytree(home, tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(made.folder, tmp_path / "scorer")
    rows(30).to_csv(tmp_path / "a.csv", index=False)
    command = [sys.executable, "-m", "service", "--predict", "a.csv", "--out", "o.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    predict(made.folder, tmp_path / "a.csv", tmp_path / "own.csv")
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "own.csv").read_bytes()


def test_the_bundle_s_command_says_what_is_wrong(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(5).drop(columns="age").to_csv(tmp_path / "a.csv", index=False)
    assert predict_file(made.folder, tmp_path / "a.csv", tmp_path / "o.csv") == 2
    assert '"age"' in capsys.readouterr().err
    rows(5).to_csv(tmp_path / "b.csv", index=False)
    assert predict_file(made.folder, tmp_path / "b.csv", tmp_path / "o.csv") == 0
    assert "5 rows scored" in capsys.readouterr().out
