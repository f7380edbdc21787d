"""Scores a file of rows: ``python -m service --predict IN --out OUT``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from .scorer import MissingColumns, Scorer, ScorerError
from .tabular import ERROR, Rows, TableError, output_columns, read_rows, write_table, writer_for


@dataclass(frozen=True)
class Predicted:
    """What became of a file."""

    rows: int
    failed: int
    """Rows without a prediction; column ``error`` says why."""
    extra: tuple[str, ...]
    """Columns that the model does not know."""


def score_rows(scorer: Scorer, rows: Rows, out: Path) -> Predicted:
    """Score rows and write their predictions, in the same order.

    Raises:
        TableError: the file can't be written.
        MissingColumns: needed columns are not there.
    """
    scores = scorer.score(rows.columns, rows.count)
    columns = output_columns(scores, scorer.classes, rows.faults)
    write_table(out, columns)
    failed = sum(error is not None for error in columns[ERROR])
    return Predicted(rows=rows.count, failed=failed, extra=rows.extra)


def predict_file(folder: Path, data: Path, out: Path) -> int:
    """Score a file with the scorer in a folder; returns the exit code: 0, or 2 with a sentence on stderr."""
    try:
        writer_for(out)
        if data.resolve() == out.resolve():
            raise TableError("The predictions would overwrite the data; give another file for them.")
        scorer = Scorer.load(folder)
        rows = read_rows(data, scorer.manifest["reading"], scorer.needed, scorer.target)
        done = score_rows(scorer, rows, out)
    except (TableError, ScorerError, MissingColumns) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    print(f"{done.rows:,} rows scored, {done.failed:,} of them without a prediction (see the column {ERROR}).")
    if done.extra:
        print(f"{len(done.extra)} columns that the model does not know were left out.")
    return 0
