"""One piece of evidence of each kind."""

from __future__ import annotations

import math

from tui.app.evidence import (
    BarData,
    CurveData,
    Diff,
    Evidence,
    Grid,
    HistogramData,
    JsonTree,
    MarkdownText,
    NotebookCell,
    NotebookCells,
    Plot,
    Series,
)

REPORT = """# Model card

The model is **inconclusive** for women: 62 rows where 100 are needed. See [the site](https://example.org).

## Intended use

- one loan application at a time
- with the columns that it was trained on

| metric | value | required |
|---|---|---|
| AUC | .791 | ≥ .70 |
| cost per loan | 0.53 | < 0.70 |

```
threshold = 0.38
```
"""
ROWS = [(number, 20 + number * 7 % 50, 1000.5 * (number % 9) if number % 5 else None, "car" if number % 3 else "house")
        for number in range(60)]  # fmt: skip

SAMPLES: dict[str, Evidence] = {
    "report": MarkdownText("Model card", REPORT),
    "grid": Grid("Rows of the test", ("id", "age", "income", "purpose"), ROWS),
    "record": JsonTree(
        "manifest.json", {"run": "0001-heron", "steps": [{"id": "split", "done": True}, {"id": "leakage"}]}
    ),
    "notebook": NotebookCells("Exploration", (
        NotebookCell("markdown", "# Exploration\nOf the training rows."),
        NotebookCell("code", "frame.shape", ("(640, 20)",)),
        NotebookCell("code", "plot(frame)", ("[image: png]",)),
    )),
    "diff": Diff.between("Decisions", "seed 0\nthreshold 0.50\nfamilies all", "seed 0\nthreshold 0.38\nfamilies all"),
    "bars": Plot("Importance", BarData(("duration", "age", "balance", "telephone"), (0.97, 0.54, 0.3, -0.1)),
                 "How much worse the model is without a column."),
    "curve": Plot("Cost", CurveData((
        Series("model", tuple(i / 50 for i in range(51)), tuple(0.6 + 0.2 * math.cos(i / 8) for i in range(51))),
        Series("today", (0.0, 1.0), (0.7, 0.7)),
    ), "threshold", "cost per loan"), "Lower is better."),
    "histogram": Plot("Age", HistogramData(tuple(20.0 + 5 * i for i in range(11)),
                                           (12.0, 40.0, 61.0, 55.0, 38.0, 30.0, 18.0, 9.0, 4.0, 1.0), "years")),
}  # fmt: skip
