"""LangGraph's checkpoint: a cache of where the graph stands, thrown away where it is not what the ledger says."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

FILE = "checkpoint.sqlite"


def sound(path: Path) -> bool:
    """Whether a checkpoint's file is one, as far as SQLite sees."""
    if not path.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("pragma quick_check").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False


def discard(path: Path) -> None:
    """Throw a checkpoint away, with what SQLite keeps beside it."""
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()


@asynccontextmanager
async def saver(path: Path) -> AsyncIterator[Any]:
    """LangGraph's checkpoint file, in which nothing but plain JSON is read back."""
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    async with AsyncSqliteSaver.from_conn_string(str(path)) as opened:
        opened.serde = JsonPlusSerializer(allowed_msgpack_modules=[])
        yield opened
