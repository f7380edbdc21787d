"""Why the scorer says what it says of one row, worked out by its own explain function in a process of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.conversation.parts import Bars, Grid, Part, Reply, Text, marked, said
from agent.conversation.view import SessionView, not_yet, opened, record
from agent.errors import AgentError
from tools.errors import InputError
from tools.wording import inert, show

if TYPE_CHECKING:
    from agent.position import Position
    from workspace.store import Store

MOST_EFFECTS = 10
PARTS = {"train": "training", "validation": "validation", "test": "test"}
_FRAMES = {"train": "train.parquet", "validation": "validation.parquet", "test": "opened.parquet"}
"""Where the rows of a part lie; test rows only as the holdout opened them."""


def reply_explain(view: SessionView, row: int) -> Reply:
    """How far each column moves the prediction of one row. Starts a process: call it off the event loop."""
    position = view.position
    if not position.folder("scorer/"):
        return said(not_yet(position, "scorer/", "scorer to explain"))
    if view.root is None:
        return said("There is no workspace here, so there are no rows to explain.")
    found = _ask(view, row)
    if isinstance(found, str):
        return said(found)
    refused = _refusal(found, row)
    return refused if refused is not None else _told(position, row, found)


def _ask(view: SessionView, row: int) -> dict[str, Any] | str:
    from agent.prediction import lay_out
    from agent.process import call
    from workspace.project import Workspace

    workspace = Workspace.open(view.root) if view.root is not None else None
    if workspace is None:
        return "There is no workspace here."
    frames = {
        part: str(_file(workspace.store, view.position, name))
        for part, name in _FRAMES.items()
        # the sealed rows are not even named to the process
        if (part != "test" or opened(view.position)) and view.position.has(name)
    }
    try:
        with tempfile.TemporaryDirectory(prefix="phasegate-explain-") as folder:
            return dict(
                call(
                    "agent.conversation.row_explanation:explained",
                    folder=str(lay_out(workspace, view.position, "scorer/", Path(folder))),
                    split=str(_file(workspace.store, view.position, "split.parquet")),
                    frames=frames,
                    row=row,
                )
            )
    except (InputError, AgentError) as problem:
        return f"Row {row} can't be explained: {marked(problem.message)}"


def _file(store: Store, position: Position, artifact: str) -> Path:
    sha256 = position.find(artifact)
    if sha256 is None:
        raise InputError(f"{artifact} is not there.")
    return store.sound(sha256)


def _refusal(found: dict[str, Any], row: int) -> Reply | None:
    if found["part"] is None:
        last = found["last"]
        if row > last:
            return said(f"There is no row {row}: rows are counted from 0 to {last}.")
        return said(f"Row {row} is in no part of the split, so the model has nothing to do with it.")
    if "prediction" not in found:
        return said(f"Row {row} is a test row, and the test rows are sealed until step 3.1 holdout opens them.")
    return None


def _told(position: Position, row: int, found: dict[str, Any]) -> Reply:
    prediction, probabilities = found["prediction"], found.get("probabilities")
    if found["error"]:
        return said(f"The scorer can't score row {row}: {marked(str(found['error']))}.")
    where = PARTS[found["part"]]
    fitted = "" if found["part"] == "test" else " The scorer was fitted on it among others."
    if probabilities is None:
        lines = [f"Row {row} is a {where} row; the scorer predicts {show(float(prediction), 'num')}.{fitted}"]
        what = "the predicted value"
    else:
        told = ", ".join(f'"{marked(str(name), 40)}" {show(float(p), "num")}' for name, p in probabilities.items())
        lines = [f'Row {row} is a {where} row; the scorer predicts "{marked(str(prediction), 40)}" ({told}).{fitted}']
        what = f'the probability of "{marked(str(found["of"]), 40)}"'
    effects = found["effects"]
    if not effects:
        return said(*lines, "No single column moves the prediction when it takes its typical value instead.")
    lines.append(f"By how much {what} moves when one column takes its typical value instead; effects need not add up.")
    shown = effects[:MOST_EFFECTS]
    private = {one["name"] for one in (record(position, "profile.json") or {}).get("columns", ()) if one["personal"]}
    rows = tuple(
        (
            inert(one["column"], 60),
            "not shown: personal" if one["column"] in private else _cell(one["value"]),
            "" if one["column"] in private else _cell(one["typical"]),
            _signed(one["effect"]),
        )
        for one in shown
    )
    parts: list[Part] = [
        *(Text(line) for line in lines),
        Grid(("column", "in this row", "typical", "effect"), rows),
        Bars(
            "effect on the prediction",
            tuple((inert(o["column"], 60), o["effect"], _signed(o["effect"])) for o in shown),
        ),
    ]
    return Reply(tuple(parts))


def _cell(value: Any) -> str:
    return "missing" if value is None else show(value)


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{show(value, 'num')}"


# ── in the process ──────────────────────────────────────────────────────────


def explained(folder: str, split: str, frames: dict[str, str], row: int) -> dict[str, Any]:
    """Score and explain one row of a part whose file was handed over.

    Args:
        folder: the scorer.
        split: ``split.parquet``: row numbers and parts, no data.
        frames: part to its rows, in the order of the split; the sealed part is not among them.
        row: 0-based in source order.

    Returns:
        {part, last} where the row can't be shown, else with {prediction, probabilities, of, error, effects}.
    """
    import pandas as pd

    from tools.serving.requests import request_rows
    from tools.serving.service.deployed import replies
    from tools.serving.service.explain import reasons, typical_cell
    from tools.serving.service.scorer import Scorer

    places = pd.read_parquet(split)
    here = places.loc[places["row"] == row, "partition"]
    part = None if here.empty else str(here.iloc[0])
    found: dict[str, Any] = {"part": part, "last": int(places["row"].max())}
    if part is None or part not in frames:
        return found
    inside = places.loc[places["partition"] == part, "row"].to_numpy()
    at = int((inside < row).sum())
    scorer = Scorer.load(folder)
    frame = pd.read_parquet(frames[part]).iloc[[at]].reset_index(drop=True)
    cells = request_rows(frame, scorer)[0]
    columns = {name: [value] for name, value in cells.items()}
    scores = scorer.score(columns, 1, strict=True)
    reply = replies(scores, scorer)[0]
    typical = {entry["name"]: typical_cell(entry) for entry in scorer.manifest["inputs"]}
    binary = scorer.task == "binary"
    return {
        **found,
        **reply,
        "of": scorer.classes[1] if binary else reply["prediction"],
        "error": scores.errors[0],
        "effects": [
            {"column": name, "effect": effect, "value": cells[name], "typical": typical.get(name)}
            for name, effect in (reasons(scorer, columns, 1)[0] if scores.errors[0] is None else [])
        ],
    }
