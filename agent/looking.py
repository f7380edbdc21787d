"""A look at a table before anything else: read, summed up in a process of its own, nothing kept anywhere."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.errors import UsageError
from agent.process import call, call_off_the_loop
from agent.sources import Source, is_database, located
from tools.data.looking import ColumnLook, TableLook
from tools.wording import Sentence, inert

__all__ = ["ColumnLook", "Look", "as_json", "look", "look_off_the_loop", "source_settings"]


class Look(TableLook):
    """What a look at a file or a database table found."""

    name: str
    """Of the file, or the database's address; safe to show."""
    headline: Sentence
    """Size, and which column looks like the target."""
    notes: tuple[Sentence, ...]
    """How it was read, where that is not the usual way, and which time it spans."""


def look(data: str, settings: Mapping[str, Any] | None = None) -> Look:
    """Look at a table; blocks for some seconds and may be called in a thread.

    Args:
        data: a file, a folder of Parquet files, or a database's address.
        settings: ``source.*`` settings by the rest of their ids.

    Raises:
        UsageError: it is not there, or the address holds a password.
        InputError: it can't be read.
        StepFailed: the work broke.
    """
    Source(data, None, settings or {}).check()
    return Look.model_validate(call("agent.looking:take", location=data, settings=dict(settings or {})))


async def look_off_the_loop(data: str, settings: Mapping[str, Any] | None = None) -> Look:
    """The same for a screen; where the task is cancelled the work ends at once.

    Raises:
        UsageError: as :func:`look`.
        InputError: as :func:`look`.
        StepFailed: as :func:`look`.
    """
    Source(data, None, settings or {}).check()
    return Look.model_validate(
        await call_off_the_loop("agent.looking:take", location=data, settings=dict(settings or {}))
    )


def take(location: str, settings: dict[str, Any]) -> Look:
    """What the process of its own does: read, look, hand back a record."""
    from agent.phases.intake.source import assumed, is_ahead, is_usual, report
    from tools.data.looking import look_at
    from tools.data.peeking import peek

    frame, reading = _read(location, settings)
    first = peek(frame, reading)
    seen = look_at(frame, reading, first, first.targets[0].column if is_ahead(first) else None)
    # which marks were taken for missing stands among the findings
    notes = [assumed(item) for item in reading.assumed if not is_usual(item) and item.what != "missing"]
    return Look(
        **dict(seen),
        name=inert(location if is_database(location) else Path(location).name or location),
        headline=report(reading, first).summary,
        notes=(*notes, *((seen.period,) if seen.period else ())),
    )


def _read(location: str, settings: dict[str, Any]) -> Any:
    """The table as a run would read it; what comes from a database or folder goes through memory, not the disk."""
    from tools.data.settings import SourceSettings
    from tools.data.sources import read_content, read_table

    path, chosen, location = Path(location), SourceSettings.of(settings), located(location)
    if not is_database(location) and path.is_file():
        return read_table(path, chosen, path.name)
    import pyarrow.parquet

    from tools.data.databases import fetch

    taken = io.BytesIO()
    pyarrow.parquet.write_table(fetch(location, chosen), taken)
    return read_content(taken.getvalue(), chosen, f"{inert(path.stem) or 'table'}.parquet")


def source_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a look from answers by their ids.

    Raises:
        AnswersDoNotFit: an unknown id, or a value that it can't have.
        UsageError: an answer that has no meaning before a run.
    """
    from agent.questions import check_static
    from agent.registry import registry

    for name, value in given.items():
        check_static(registry(), name, value)
        if not name.startswith("source."):
            raise UsageError(
                f"A look takes settings of the source only, not {name}.",
                hint="Such as --set source.separator=';'; everything else is asked by `phasegate run`.",
            )
    return {name.removeprefix("source."): value for name, value in given.items() if value != "recommended"}


def as_json(found: Look) -> dict[str, Any]:
    """A look as `phasegate look --json` prints it."""
    record = found.model_dump(mode="json", exclude={"headline", "notes", "period", "leading", "findings", "columns"})
    return {
        "version": record["version"],
        "name": record["name"],
        "rows": record["rows"],
        "columns": [column.model_dump(mode="json", exclude={"told"}) for column in found.columns],
        "findings": [
            {
                "kind": finding.kind,
                "level": finding.level,
                "columns": list(finding.columns),
                "text": str(finding.text),
                "action": finding.action,
            }
            for finding in found.findings
        ],
        "targets": record["targets"],
        "reading": {**record["reading"], "notes": [str(note) for note in found.notes]},
    }
