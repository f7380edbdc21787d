"""Time to score one row through the scorer, against a scikit-learn pipeline of the same model on the same row.

    .venv/bin/python benchmarks/scoring.py [TABLE TARGET]

Without a table a made one is taken: 20 columns, of which 8 are categories, 4,000 rows. The goal is a median under 1 ms
for one row in process. The same gradient-boosted trees are scored thrice: by the scorer with an ONNX member, by the
scorer with the same trees as plain arrays, and by the pipeline (ordinal encoder and model) on a one-row frame.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from tools.data.cleaning import Roles, clean_parts, fit_cleaning
from tools.data.sources import read_table
from tools.features.fitting import fit_features
from tools.features.matrix import Matrix, as_matrix
from tools.modeling.exporting import export
from tools.modeling.families import FAMILIES
from tools.modeling.families.base import Layout, Problem, Size
from tools.serving.assembling import Member, assemble_scorer
from tools.serving.service.arrays import read
from tools.serving.service.scorer import Scorer
from tools.wording import say

REPEATS = 2000
FAMILY = "lgbm"


def made_table(folder: Path) -> tuple[Path, str]:
    """A table of 12 numbers and 8 categories with a target that depends on some of them."""
    stream = np.random.default_rng(0)
    columns: dict[str, Any] = {f"number {j}": stream.normal(size=4000).round(3) for j in range(12)}
    columns |= {f"level {j}": stream.choice(list("abcdefgh"), 4000) for j in range(8)}
    margin = columns["number 0"] + columns["number 1"] + (columns["level 0"] > "d") - 1
    columns["outcome"] = np.where(margin + stream.logistic(size=4000) > 0, "yes", "no")
    path = folder / "made.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path, "outcome"


def median_ms(call: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """Median and 99th percentile of a call in milliseconds, after a warm-up."""
    for _ in range(20):
        call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), float(np.quantile(times, 0.99))


def pipeline(frame: pd.DataFrame, target: str, needed: tuple[str, ...]) -> Pipeline:
    """What one would write by hand: ordinal codes and the same family of model."""
    from lightgbm import LGBMClassifier

    texts = [name for name in needed if frame[name].dtype == "str"]
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    steps = [("codes", ColumnTransformer([("texts", codes, texts)], remainder="passthrough"))]
    model = LGBMClassifier(n_estimators=200, n_jobs=1, verbose=-1, random_state=0)
    return Pipeline([*steps, ("model", model)]).set_output(transform="pandas").fit(frame[list(needed)], frame[target])


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path, target = (Path(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 2 else made_table(folder)
        frame, reading = read_table(path)
        plan = fit_cleaning(frame, Roles(target=target), missing="flag", outliers="keep", duplicates="keep")
        train = clean_parts(plan, frame, frame.head(0))[0]
        features, x = fit_features(train, excluded={target: say("the target")})
        matrix: Matrix = as_matrix(features, x)
        classes = tuple(sorted(frame[target].astype(str).unique()))[:2]
        y = (frame[target].astype(str) == classes[-1]).to_numpy(dtype=np.int64)
        family = FAMILIES[FAMILY]
        params = family.portfolio(Size(rows=len(x), columns=x.shape[1], classes=2))[0]
        fitted = family.fit(
            Problem("binary", 2),
            Layout(x.shape[1], matrix.categorical),
            x,
            y,
            params,
            None,
            seed=0,
            threads=1,
        )
        entry, _ = export(fitted, folder, "member-0", x[:500])
        file = folder / entry.file
        shipped = Member(file.read_bytes() if entry.format == "onnx" else read(file))
        row = {name: [frame[name].tolist()[0]] for name in frame.columns}
        print(f"{len(features.inputs)} columns, {x.shape[1]} features, {REPEATS} calls of one row each")
        rows: list[tuple[str, float, float]] = []
        for label, member in (
            (f"scorer, {entry.format}", shipped),
            ("scorer, arrays", Member(fitted.arrays())),
        ):
            scorer: Scorer = assemble_scorer(
                folder / label.replace(", ", "-"), task="binary", target=target, classes=classes,
                positive=classes[-1], reading=reading.model_dump(mode="json"), cleaning=plan, features=features,
                members=[member], probe=x,
            )  # fmt: skip
            if not rows:
                rows.append(("  its features alone", *median_ms(partial(scorer.matrix, row, 1, strict=True))))
            rows.insert(len(rows) - 1, (label, *median_ms(partial(scorer.score, row, 1, strict=True))))
        by_hand = pipeline(frame, target, scorer.needed)
        one = frame[list(scorer.needed)].head(1)
        reference = median_ms(lambda: by_hand.predict_proba(one), 200)
        for name, middle, late in rows:
            print(
                f"{name:<24} p50 {middle:7.3f} ms   p99 {late:7.3f} ms   {middle / reference[0]:6.3f} of the pipeline"
            )
        print(f"{'scikit-learn pipeline':<24} p50 {reference[0]:7.3f} ms   p99 {reference[1]:7.3f} ms")


if __name__ == "__main__":
    main()
