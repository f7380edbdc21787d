from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import yaml12

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=200)
    | st.from_regex(r"[-+]?[0-9_.:eExo]{1,9}", fullmatch=True)
    | st.sampled_from(
        "yes no on off y n true True null ~ .inf .nan 0o7 0x1f 1e3 2026-01-01 12:30:45 << = ? - # & * ! |".split()
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=160), inner, max_size=4),
    max_leaves=15,
)


@pytest.mark.parametrize(
    "text",
    "yes no on off y n Yes NO On OFF 2026-01-31 2026-01-31T10:00:00Z 12:30 007 010 0123.5 1_000 19:20:30 0b1 =".split(),
)
def test_what_yaml_1_1_would_turn_into_something_else_is_text(text: str) -> None:
    assert yaml12.load(text) == text
    assert yaml12.load(f"key: {text}") == {"key": text}
    assert yaml12.load(f"[{text}]") == [text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("key:", {"key": None}),
        ("12", 12),
        ("-0", 0),
        ("+3", 3),
        ("0o17", 15),
        ("0xff", 255),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("'12'", "12"),
        ('"true"', "true"),
    ],
)
def test_the_core_schema_resolves_plain_scalars(text: str, value: object) -> None:
    loaded = yaml12.load(text)
    assert loaded == value
    assert type(loaded) is type(value)


@given(VALUES)
@settings(deadline=None, max_examples=60)
def test_what_is_written_reads_back_as_the_same_values(value: object) -> None:
    again = yaml12.load(yaml12.dump(value))
    assert again == value
    assert json.dumps(again) == json.dumps(value)  # tells 1 from 1.0 and True


@given(VALUES)
@settings(deadline=None, max_examples=60)
def test_json_is_read_as_json(value: object) -> None:
    assert yaml12.load(json.dumps({"version": value}, indent="\t")) == {"version": value}


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2", "{a: 1, a: 2}", '{"a": 1, "a": 2}', "x:\n  a: 1\n  'a': 2", "1: a\n1: b"]
)
def test_a_key_that_stands_twice_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="stands twice"):
        yaml12.load(text)


@pytest.mark.parametrize(
    "text", ["a: [1, 2", "'open", "\tx: 1", "? [1]: 2\n: 3: 4", "9" * 5000, "[" * 100_000, "{a: " * 50_000]
)
def test_what_is_not_well_formed_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml12.load(text)


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system [ls]", "!!python/name:os.system", "!thing 1"])
def test_a_tag_builds_no_object(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml12.load(text)


@pytest.mark.parametrize(
    ("text", "value"), [("0.2", 0.2), ("no", "no"), ("[a, b]", ["a", "b"]), ("a: [", "a: ["), ("", None)]
)
def test_a_value_on_the_command_line_is_yaml_or_else_the_text_itself(text: str, value: object) -> None:
    assert yaml12.scalar(text) == value
