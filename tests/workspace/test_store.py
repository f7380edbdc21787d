from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from workspace.errors import CorruptState, NotFound
from workspace.files import sha256_bytes
from workspace.store import Store


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "objects")


def test_bytes_that_were_put_are_found_under_their_hash(store: Store) -> None:
    artifact = store.put_bytes(b"a table")
    assert artifact.sha256 == sha256_bytes(b"a table")
    assert artifact.bytes == 7
    assert store.has(artifact.sha256)
    assert store.read(artifact.sha256) == b"a table"
    assert store.path(artifact.sha256) == store.root / artifact.sha256[:2] / artifact.sha256[2:]


def test_what_was_never_put_is_not_found_and_the_message_says_which_file(store: Store) -> None:
    missing = "ab" * 32
    assert not store.has(missing)
    for look in (store.path, store.read, store.sound):
        with pytest.raises(NotFound) as caught:
            look(missing)
        assert caught.value.file == f"objects/ab/{'ab' * 31}"


def test_a_file_can_be_copied_in_or_moved_in(store: Store, tmp_path: Path) -> None:
    kept, taken = tmp_path / "kept", tmp_path / "taken"
    kept.write_bytes(b"kept")
    taken.write_bytes(b"taken")
    assert store.read(store.put(kept).sha256) == b"kept"
    assert store.read(store.put(taken, move=True).sha256) == b"taken"
    assert kept.exists()
    assert not taken.exists()


def test_a_moved_file_that_is_there_already_disappears_from_where_it_was(store: Store, tmp_path: Path) -> None:
    store.put_bytes(b"the same")
    again = tmp_path / "again"
    again.write_bytes(b"the same")
    store.put(again, move=True)
    assert not again.exists()
    assert len(everything(store.root)) == 1


def test_putting_twice_keeps_one_file_and_nothing_temporary(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"once")
    for _ in range(2):
        store.put(source)
        store.put_bytes(b"once")
    assert [path.name for path in everything(store.root)] == [sha256_bytes(b"once")[2:]]


def test_a_stored_file_can_not_be_written_by_accident(store: Store) -> None:
    path = store.path(store.put_bytes(b"fixed").sha256)
    assert path.stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("position", [0, 3, 6])
def test_a_changed_byte_is_found_before_it_is_used(store: Store, position: int) -> None:
    sha256 = store.put_bytes(b"a table").sha256
    path = store.path(sha256)
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    for look in (store.read, store.sound):
        with pytest.raises(CorruptState, match="changed on disk") as caught:
            look(sha256)
        assert caught.value.file == f"objects/{sha256[:2]}/{sha256[2:]}"


@pytest.mark.parametrize("how", ["bytes", "copy"])
def test_a_full_disk_leaves_no_half_artifact_and_nothing_temporary(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"too much")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.put_bytes(b"too much") if how == "bytes" else store.put(source)
    assert everything(store.root) == []
    assert not store.has(sha256_bytes(b"too much"))
