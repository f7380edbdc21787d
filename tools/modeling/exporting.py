"""Fitted models as files that execute nothing on load: ONNX where every row agrees, else plain arrays.

The ONNX graph is written from a model's plain form (``tools.serving.service.arrays``), the same for every family,
rather than by the converters of skl2onnx and onnxmltools: these fail on HistGradientBoosting and round the thresholds
of forests across data values. Here a threshold is the largest float32 not above the original, so every float32 row
takes the same way through every tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.modeling.families.base import Fitted, Floats, Rows
from tools.records import Record
from tools.serving.service import arrays as plain

TOLERANCE = 1e-5
"""Largest difference of a probability, or of a number in units of the target's spread or of itself, if it is larger."""
BLOCK = 4096
"""Rows that are compared at a time."""

Format = Literal["onnx", "arrays"]


class Member(Record):
    """One exported model."""

    file: str
    format: Format


class Parity(Record):
    """How an exported model agrees with the fitted one, row by row."""

    rows: int
    max_difference: float
    """Largest absolute difference (numbers: in units of the target's spread, or of the number where that is larger)."""
    labels_differing: int
    """Rows whose likeliest class differs."""

    @property
    def holds(self) -> bool:
        """Whether the export may stand for the model."""
        return self.max_difference <= TOLERANCE and self.labels_differing == 0


def export(fitted: Fitted, folder: Path, stem: str, x: Rows) -> tuple[Member, Parity]:
    """Write a fitted model and check it on every given row.

    Args:
        fitted: the model.
        folder: where the file goes.
        stem: its name without ending.
        x: rows on which the file must agree with the model [n, f].

    Returns:
        The member and its parity: ONNX where that agrees on each row, else plain arrays.

    Raises:
        ValueError: not even the plain arrays agree (a defect of the family's plain form).
    """
    held = fitted.arrays()
    expected = fitted.predict(x)
    spread = float(held.get("spread", 1.0))
    path = folder / f"{stem}.onnx"
    path.write_bytes(onnx_bytes(held, x.shape[1]))
    parity = compare(expected, run_onnx(path, x), spread)
    if parity.holds:
        return Member(file=path.name, format="onnx"), parity
    path.unlink()
    path = folder / f"{stem}.npz"
    plain.write(path, held)
    parity = compare(expected, plain.evaluate(plain.read(path), x), spread)
    if not parity.holds:
        raise ValueError(f"the plain form of {stem} differs from the model by {parity.max_difference}")
    return Member(file=path.name, format="arrays"), parity


def compare(expected: Floats, found: Floats, spread: float = 1.0) -> Parity:
    """Differences row by row between a model [n, k] or [n] and its export [n, k] or [n, 1]."""
    wanted = expected.reshape(len(expected), -1)
    difference = apart(wanted, found, spread)
    labels = 0
    if wanted.shape[1] > 1:
        chosen, other = wanted.argmax(axis=1), found.argmax(axis=1)
        # a tie between classes has no side; only a real change of label counts
        top = np.sort(wanted, axis=1)
        labels = int(((chosen != other) & (top[:, -1] - top[:, -2] > TOLERANCE)).sum())
    return Parity(rows=len(wanted), max_difference=difference, labels_differing=labels)


def apart(expected: Floats, found: Floats, spread: float) -> float:
    """Largest difference in units of the spread, or of the value itself where that is larger.

    float32 keeps seven digits of a sum of leaves; far out in a long tail these are more than a fixed step allows.
    """
    unit = np.maximum(spread, np.abs(expected))
    return float((np.abs(expected - found) / unit).max(initial=0.0))


def run_onnx(path: Path, x: Rows) -> Floats:
    """Score rows with an exported ONNX model, in blocks, on one thread: [n, k] or [n, 1]."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    parts = [session.run(None, {"x": x[start : start + BLOCK]})[0] for start in range(0, len(x), BLOCK)]
    return np.concatenate(parts) if parts else np.zeros((0, 1))


def onnx_bytes(held: Mapping[str, NDArray[Any]], width: int) -> bytes:
    """An ONNX model from ``x`` [n, width] float32 to ``y`` [n, k] or [n, 1] float64; same model, same bytes."""
    from onnx import TensorProto, helper

    nodes, constants = GRAPHS[str(held["kind"])](held, width)
    graph = helper.make_graph(
        nodes,
        "phasegate",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None, _outputs(held)])],
        constants,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)],
        ir_version=10,
        producer_name="phasegate",
    )
    return bytes(model.SerializeToString(deterministic=True))


def _outputs(held: Mapping[str, NDArray[Any]]) -> int:
    count = len(held["offset"])
    return 2 if str(held["link"]) == "logistic" else count


def _constant(name: str, values: NDArray[Any]) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.ascontiguousarray(values), name)


def _numbers(held: Mapping[str, NDArray[Any]], source: str) -> tuple[list[Any], list[Any]]:
    """Nodes from float64 margins to float64 numbers: spread, centre and floor where the model has them."""
    from onnx import helper

    if "spread" not in held:
        return [helper.make_node("Identity", [source], ["y"])], []
    constants = [
        _constant(name, np.array(float(held[name]), dtype=np.float64)) for name in ("spread", "centre", "floor")
    ]
    nodes = [
        helper.make_node("Mul", [source, "spread"], ["scaled"]),
        helper.make_node("Add", ["scaled", "centre"], ["shifted"]),
        helper.make_node("Max", ["shifted", "floor"], ["y"]),
    ]
    return nodes, constants


def _tree_graph(held: Mapping[str, NDArray[Any]], width: int) -> tuple[list[Any], list[Any]]:
    """One TreeEnsembleRegressor; classes by a softmax over margins, two classes as margins 0 and m.

    Its softmax is computed row by row, so that no row depends on its neighbours.
    """
    from onnx import TensorProto, helper

    logistic = str(held["link"]) == "logistic"
    left, right, roots = held["left"], held["right"], held["roots"]
    count = len(left)
    tree = np.repeat(np.arange(len(roots)), np.diff([*roots, count]))
    first = roots[tree]
    leaf = left < 0
    value = held["value"]
    if value.shape[1] == 1 and (held["target"] >= 0).all():
        where = np.flatnonzero(leaf)
        output = held["target"][tree[where]] + (1 if logistic else 0)
        weight = value[where, 0]
    else:
        where, output = np.nonzero(leaf[:, None] & (value != 0))
        weight = value[where, output]
    # a tree must name at least one leaf, even one that adds nothing
    silent = np.setdiff1d(np.arange(len(roots)), tree[where])
    if len(silent):
        extra = np.array([np.flatnonzero(leaf & (tree == one))[0] for one in silent])
        where, output = (
            np.concatenate([where, extra]),
            np.concatenate([output, np.zeros(len(extra), dtype=int)]),
        )
        weight = np.concatenate([weight, np.zeros(len(extra))])
    offset = np.concatenate([[0.0], held["offset"]]) if logistic else held["offset"].copy()
    # ONNX Runtime leaves the base value out of an output to which no leaf adds: the first tree's leaves carry it
    for lonely in np.setdiff1d(np.flatnonzero(offset), output):
        leaves = np.flatnonzero(leaf & (tree == 0))
        where, output = (
            np.concatenate([where, leaves]),
            np.concatenate([output, np.full(len(leaves), lonely)]),
        )
        weight = np.concatenate([weight, np.full(len(leaves), offset[lonely])])
        offset[lonely] = 0.0
    softmax = str(held["link"]) != "identity"
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["margins"],
        domain="ai.onnx.ml",
        aggregate_function="SUM",
        base_values=[float(one) for one in offset],
        n_targets=_outputs(held),
        nodes_treeids=tree.tolist(),
        nodes_nodeids=(np.arange(count) - first).tolist(),
        nodes_featureids=held["feature"].tolist(),
        nodes_modes=["LEAF" if one else "BRANCH_LEQ" for one in leaf],
        nodes_values=held["threshold"].astype(np.float64).tolist(),
        nodes_truenodeids=np.where(leaf, 0, left - first).tolist(),
        nodes_falsenodeids=np.where(leaf, 0, right - first).tolist(),
        nodes_missing_value_tracks_true=held["missing_left"].astype(int).tolist(),
        target_treeids=tree[where].tolist(),
        target_nodeids=(where - first[where]).tolist(),
        target_ids=[int(one) for one in output],
        target_weights=weight.astype(np.float32).astype(np.float64).tolist(),
        post_transform="SOFTMAX" if softmax else "NONE",
    )
    cast = helper.make_node("Cast", ["margins"], ["wide"], to=TensorProto.DOUBLE)
    ending, constants = _numbers(held, "wide")
    return [node, cast, *ending], constants


def _linear_graph(held: Mapping[str, NDArray[Any]], width: int) -> tuple[list[Any], list[Any]]:
    """Terms, weights and link in standard operators.

    Terms are added by halves, element by element: a reduction's order (and so its last bit) would depend on where a
    row lies in its batch. The softmax is computed on float32 row by row.
    """
    from onnx import TensorProto, helper

    is_code = ~np.isnan(held["code"])
    count = len(held["column"])
    padded = 1 << max(count - 1, 0).bit_length()
    padding = [0, 0, 0, 0, 0, padded - count]
    constants = [
        _constant("column", held["column"].astype(np.int64)),
        _constant("code", np.where(is_code, held["code"], -1.0)),
        _constant("is_code", is_code),
        _constant("fill", held["fill"]),
        _constant("shift", held["shift"]),
        _constant("scale", held["scale"]),
        _constant("weight", held["weight"][None, :, :]),
        _constant("offset", held["offset"][None, :]),
        _constant("terms_axis", np.array([1], dtype=np.int64)),
        _constant("padding", np.array(padding, dtype=np.int64)),
        _constant("last_axis", np.array([2], dtype=np.int64)),
    ]
    nodes = [
        helper.make_node("Cast", ["x"], ["doubles"], to=TensorProto.DOUBLE),
        helper.make_node("Gather", ["doubles", "column"], ["values"], axis=1),
        helper.make_node("IsNaN", ["values"], ["missing"]),
        helper.make_node("Where", ["missing", "fill", "values"], ["filled"]),
        helper.make_node("Sub", ["filled", "shift"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["scaled_terms"]),
        helper.make_node("Equal", ["values", "code"], ["equal"]),
        helper.make_node("Cast", ["equal"], ["held"], to=TensorProto.DOUBLE),
        helper.make_node("Where", ["is_code", "held", "scaled_terms"], ["terms"]),
        helper.make_node("Unsqueeze", ["terms", "terms_axis"], ["rows"]),
        helper.make_node("Mul", ["rows", "weight"], ["weighted"]),
        helper.make_node("Pad", ["weighted", "padding"], ["halves_0"]),
        *_halved(padded),
        helper.make_node("Squeeze", ["halves_last", "last_axis"], ["summed"]),
        helper.make_node("Add", ["summed", "offset"], ["margins"]),
    ]
    link = str(held["link"])
    if link == "identity":
        ending, more = _numbers(held, "margins")
        return nodes + ending, constants + more
    logits = "margins"
    if link == "logistic":
        nodes += [
            helper.make_node("Mul", ["margins", "nothing"], ["zeros"]),
            helper.make_node("Concat", ["zeros", "margins"], ["pair"], axis=1),
        ]
        constants.append(_constant("nothing", np.array(0.0, dtype=np.float64)))
        logits = "pair"
    nodes += [
        helper.make_node("Cast", [logits], ["singles"], to=TensorProto.FLOAT),
        helper.make_node("Softmax", ["singles"], ["shares"], axis=1),
        helper.make_node("Cast", ["shares"], ["y"], to=TensorProto.DOUBLE),
    ]
    return nodes, constants


def _halved(width: int) -> list[Any]:
    """Nodes that add the first half of the last axis to the second until one is left."""
    from onnx import helper

    nodes = []
    step = 0
    while width > 1:
        nodes += [
            helper.make_node("Split", [f"halves_{step}"], [f"low_{step}", f"high_{step}"], axis=2, num_outputs=2),
            helper.make_node("Add", [f"low_{step}", f"high_{step}"], [f"halves_{step + 1}"]),
        ]
        width //= 2
        step += 1
    return [*nodes, helper.make_node("Identity", [f"halves_{step}"], ["halves_last"])]


GRAPHS = {"trees": _tree_graph, "linear": _linear_graph}
"""Kind of plain form to the function that writes its graph."""
