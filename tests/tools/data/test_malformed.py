"""Generated malformed files: whatever the bytes, there is a reading and a look, or one plain sentence."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.errors import describe
from tools.data.looking import look_at
from tools.data.opening import unpacked
from tools.data.peeking import peek
from tools.data.settings import SourceSettings
from tools.data.sources import read_content
from tools.errors import InputError

EACH = 40
"""Generated files per kind: with twelve kinds, more than the two hundred that are promised."""

FRAME = pd.DataFrame(
    {
        "id": range(1, 9),
        "city": ["Köln", "Łódź", None, "=1+1", "NA", "none", "Köln", "x"],
        "fee": [1.5, None, 2.0, 3.25, -999.0, 0.0, 1e6, 2.5],
        "day": pd.to_datetime(["2020-01-01"] * 8),
        "late": [True, False] * 4,
    }
)
TEXT = FRAME.to_csv(index=False).encode()


def parquet() -> bytes:
    made = io.BytesIO()
    nested = pa.table(
        {
            "n": pa.array([[1], [2, 3]]),
            "s": pa.array([{"a": 1}, None]),
            "d": pa.array([1, 2], pa.decimal128(5, 2)),
            "t": pa.array([1, 2], pa.time32("s")),
            "b": pa.array([b"a", None]),
            "c": pa.array(["x", "y"]).dictionary_encode(),
        }
    )
    pyarrow.parquet.write_table(nested, made)
    return made.getvalue()


def workbook() -> bytes:
    made = io.BytesIO()
    FRAME.to_excel(made, index=False)
    return made.getvalue()


def arrow(stream: bool) -> bytes:
    table = pa.Table.from_pandas(FRAME)
    made = io.BytesIO()
    opened = pa.ipc.new_stream if stream else pa.ipc.new_file
    with opened(made, table.schema) as writer:
        writer.write_table(table)
    return made.getvalue()


def archive(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("t.csv", content)
    return made.getvalue()


ROWS = json.loads(FRAME.drop(columns="day").to_json(orient="records"))
SOUND = {
    "csv": TEXT,
    "utf-16": FRAME.to_csv(index=False, sep=";").encode("utf-16"),
    "latin-1": "näme;größe;x\nä;1.234,5;02\nö;2,5;03\nTotal;1.237,0;5\n".encode("latin-1"),
    "json": json.dumps(ROWS).encode(),
    "json lines": "\n".join(json.dumps(row) for row in ROWS).encode(),
    "json columns": FRAME.drop(columns="day").to_json().encode(),
    "parquet": parquet(),
    "excel": workbook(),
    "arrow": arrow(stream=False),
    "arrow stream": arrow(stream=True),
    "arff": b"@relation x\n@attribute a numeric\n@attribute 'b c' {x,'y z'}\n@attribute d date yyyy-MM-dd\n"
    b"@data\n1,x,2020-01-01\n?,'y z',?\n{0 1, 1 x}\n",
    "packed": gzip.compress(TEXT),
}
"""One sound file of each kind, which the tests damage."""

TOKENS = [
    b",", b";", b"\t", b"|", b'"', b"'", b"\\", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xe9", b"\xef\xbb\xbf",
    b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", "\u2028".encode(), b"\x85", b"\x1a", b"NA", b"?", b"1e999", b"-1e999",
    b"NaN", b"null", b"{", b"}", b"[", b"]", b"[" * 2000, b"9" * 40, b"9" * 5000, b"0" * 20, b"1,000", b"2020-13-45",
    b"0001-01-01", b"9999-12-31", b"@data", b"%", b"#", b"sep=;\n", b"Total", b"PAR1", b"PK\x03\x04", b"=1+1", b" ",
]  # fmt: skip
"""What files that went wrong are full of."""

PLACE = st.floats(0, 1)
DAMAGE = st.one_of(
    st.tuples(st.just("insert"), PLACE, st.sampled_from(TOKENS) | st.binary(min_size=1, max_size=20)),
    st.tuples(st.just("overwrite"), PLACE, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("remove"), PLACE, st.binary(min_size=1, max_size=20)),
    st.tuples(st.just("cut"), PLACE, st.just(b"")),
    st.tuples(st.just("repeat"), PLACE, st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("replace"), PLACE, st.sampled_from(TOKENS)),
)
"""(what is done, where as a share of the file, with what)."""


EDITS: dict[str, Callable[[bytes, int, bytes], bytes]] = {
    "insert": lambda data, at, part: data[:at] + part + data[at:],
    "overwrite": lambda data, at, part: data[:at] + part + data[at + len(part) :],
    "remove": lambda data, at, part: data[:at] + data[at + len(part) :],
    "cut": lambda data, at, part: data[:at],
    "repeat": lambda data, at, part: data[:at] + data[at : at + len(part)] * 3 + data[at:],
    "replace": lambda data, at, part: data.replace(data[at : at + 1] or b",", part, 50),
}


def damaged(sound: bytes, damage: list[tuple[str, float, bytes]]) -> bytes:
    data = sound
    for what, share, part in damage:
        data = EDITS[what](data, int(share * len(data)), part)[:100_000]
    return data


def reads_or_says_why(data: bytes) -> bool:
    """Read and look; whether there was a table. Anything but a reading or a plain sentence is an error."""
    try:
        frame, reading = read_content(unpacked(data, "given"), SourceSettings(), "given")
        assert len(frame) == reading.rows and list(frame.columns) == [column.name for column in reading.columns]
        frame.to_parquet(io.BytesIO())
        seen = look_at(frame, reading, peek(frame, reading), None)
        seen.model_dump_json()
        assert all("\n" not in str(finding.text) for finding in seen.findings)
    except InputError as error:
        problem = describe(error)
        assert problem.message and "\n" not in str(problem) and problem.code in (2, 7)
        assert "Traceback" not in str(problem) and problem.message.isprintable()
        return False
    return True


@pytest.mark.parametrize("kind", list(SOUND))
def test_the_sound_file_of_each_kind_is_read(kind: str) -> None:
    assert reads_or_says_why(SOUND[kind])


@pytest.mark.integration
@pytest.mark.parametrize("kind", list(SOUND))
def test_a_damaged_file_is_read_or_refused_in_one_sentence(kind: str) -> None:
    @settings(max_examples=EACH, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(DAMAGE, min_size=1, max_size=12))
    @example([("insert", 0.5, b"1e999")])
    @example([("replace", 0.4, b"\\ud800")])
    @example([("cut", 0.7, b"")])
    def check(damage: list[tuple[str, float, bytes]]) -> None:
        reads_or_says_why(damaged(SOUND[kind], damage))

    check()


@pytest.mark.integration
@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_workbook_with_a_damaged_part_is_read_or_refused_in_one_sentence(member: str) -> None:
    @settings(max_examples=EACH, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(DAMAGE, min_size=1, max_size=6))
    def check(damage: list[tuple[str, float, bytes]]) -> None:
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(SOUND["excel"])) as sound, zipfile.ZipFile(made, "w") as packed:
            for entry in sound.namelist():
                content = sound.read(entry)
                packed.writestr(entry, damaged(content, damage) if entry == member else content)
        reads_or_says_why(made.getvalue())

    check()


@pytest.mark.integration
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(TOKENS) | st.binary(max_size=12) | st.text(max_size=8).map(str.encode), max_size=60))
def test_bytes_of_no_kind_are_read_or_refused_in_one_sentence(parts: list[bytes]) -> None:
    reads_or_says_why(b"".join(parts) or b" ")


@pytest.mark.integration
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(st.text(max_size=6) | st.sampled_from(["", "1", "1,5", "NA", "2020-01-02"]), max_size=5), max_size=9
    ),
    st.sampled_from(",;\t|^"),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "cp1252"]),
)
def test_any_table_of_any_cells_is_read_or_refused_in_one_sentence(
    rows: list[list[str]], separator: str, encoding: str
) -> None:
    text = "\n".join(separator.join(row) for row in rows)
    reads_or_says_why(text.encode(encoding, errors="replace") or b" ")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, archive])
def test_a_packed_file_that_was_cut_short_is_never_read_in_part(pack: object) -> None:
    assert callable(pack)
    data = pack(TEXT * 50)
    for share in (0.2, 0.5, 0.9, 0.99):
        assert not reads_or_says_why(data[: int(share * len(data))])
