from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.files import canonical_json, copy_into, is_temporary, readable_json, sha256_bytes, write_atomic

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_an_atomic_write_replaces_the_whole_content_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_atomic(path, b"first and longer")
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]


def test_a_secret_can_be_written_for_its_owner_alone(tmp_path: Path) -> None:
    write_atomic(tmp_path / "token", b"t", mode=0o600)
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_content_and_nothing_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, function, full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_write_leaves_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []
    replace = os.replace

    def noting(source: Path, target: Path) -> None:
        seen.append(source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", noting)
    write_atomic(tmp_path / "manifest.json", b"{}")
    assert [is_temporary(path) for path in seen] == [True]
    assert not is_temporary(tmp_path / "manifest.json")


def test_copying_returns_the_hash_of_what_was_copied(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert copy_into(tmp_path / "a", tmp_path / "b") == sha256_bytes(b"x" * 3_000_000)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


@given(JSON)
def test_canonical_json_is_the_same_for_what_it_is_read_back_as(value: object) -> None:
    first = canonical_json(value)
    assert canonical_json(json.loads(first)) == first
    assert canonical_json(json.loads(readable_json(value))) == first


def test_canonical_json_has_sorted_keys_no_spaces_and_no_ascii_escapes() -> None:
    assert canonical_json({"ü": [1, 2.5], "a": None}) == '{"a":null,"ü":[1,2.5]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, float("-inf")]])
def test_what_json_can_not_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)
