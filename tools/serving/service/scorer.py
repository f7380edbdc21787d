"""The scorer: raw rows to predictions, from a folder that executes nothing when it is loaded.

A scorer folder holds ``scorer.json`` and one file per member. Version 1 of ``scorer.json``::

    version      1
    task         binary | multiclass | regression
    target       name of the target column, never read
    classes      class texts in declared order, the positive one last where there are two; [] for regression
    positive     text of the positive class, or null
    threshold    positive when its probability is at least this; null outside binary tasks
    calibration  {"kind": "none"} | {"kind": "sigmoid", "a": […], "b": […]} |
                 {"kind": "isotonic", "x": [[…]], "y": [[…]]}
                 (one entry for the positive class of a binary task, else one per class, then renormalised);
                 sigmoid: 1 / (1 + exp(-(a · logit(p) + b))), p kept within 1e-7 of 0 and 1
    refer        {"lower", "upper"}: a positive probability within it asks for a person; or null
    transform    "log1p" where members predict log(1 + y), else null
    members      [{"file", "format": onnx | arrays, "weight", "sha256", "block": rows or null}]
    reading      how raw cells are read (columns: name, position, type, …)
    cleaning     rules of the cleaning plan, for the needed columns
    features     encoders and features of the feature plan
    inputs       [{"name", "type", "missing", "typical", "low", "high", "levels"}] of the needed columns

Members map a float32 matrix [n, f] to probabilities [n, k] or values [n, 1]. They are called in blocks: a single row
is doubled, as libraries take another way for one row alone; where a member's results were seen to depend on the
number of rows (``block``), every call has exactly that many. So a row's score never depends on its batch.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import arrays as plain
from .coerce import ColumnReader, Fault
from .plan import Cleaner, Encoder

MANIFEST = "scorer.json"
LARGEST_CALL = 4096
"""Rows of one call of a member."""
_EDGE = 1e-7

Rows = NDArray[np.float32]
Floats = NDArray[np.float64]
Predict = Callable[[Rows], NDArray[Any]]


class ScorerError(ValueError):
    """The scorer folder can't be used: damaged, of an unknown version or format. The message is a sentence."""


class MissingColumns(ValueError):
    """The rows lack columns that the scorer needs."""

    def __init__(self, names: Sequence[str]) -> None:
        shown = ", ".join(f'"{name}"' for name in names)
        super().__init__(f"The data lack {'a column' if len(names) == 1 else 'columns'} that the model needs: {shown}.")
        self.names = tuple(names)


@dataclass(frozen=True)
class Scores:
    """Predictions of a batch, row by row in the order given."""

    prediction: list[str | float | None]
    """Class text at the threshold, or the number; None where the row could not be scored."""
    codes: NDArray[np.int64] | None
    """Index of the predicted class [n], -1 where not scored; None for regression."""
    probabilities: Floats | None
    """[n, k] in the order of the classes, NaN where not scored; None for regression."""
    values: Floats | None
    """[n], NaN where not scored; None for classification."""
    referred: NDArray[np.bool_] | None
    """Rows within the refer band; None where no band was decided."""
    errors: list[str | None]
    """Why a row could not be scored, naming the columns; None where it was."""
    faults: list[Fault]
    """Each unreadable cell."""


class Scorer:
    """A loaded scorer. Made by :meth:`load`; safe to use from several threads.

    Attributes:
        manifest: ``scorer.json`` as read.
        sha256: hash of ``scorer.json``, which names the model (it holds the hashes of its members).
        task, target, classes, positive, threshold: as in the manifest.
        needed: raw columns that every row must have, in order.
        labels: what a person reads for each feature.
    """

    def __init__(
        self, manifest: Mapping[str, Any], members: Sequence[tuple[Predict, float, int | None]], sha256: str
    ) -> None:
        self.manifest = manifest
        self.sha256 = sha256
        self.task: str = manifest["task"]
        self.target: str = manifest["target"]
        self.classes: tuple[str, ...] = tuple(manifest["classes"])
        self.positive: str | None = manifest["positive"]
        self.threshold: float | None = manifest["threshold"]
        self.labels: tuple[str, ...] = tuple(feature["label"] for feature in manifest["features"]["features"])
        self.names: tuple[str, ...] = tuple(feature["name"] for feature in manifest["features"]["features"])
        self._encoder = Encoder(manifest["features"])
        self.needed: tuple[str, ...] = self._encoder.columns
        self._cleaner = Cleaner(manifest["cleaning"], only=frozenset(self.needed))
        entries = {entry["name"]: entry for entry in manifest["reading"]["columns"]}
        self.readers = {name: ColumnReader(entries[name]) for name in self.needed}
        self._members = list(members)
        self._calibrate = CALIBRATIONS[manifest["calibration"]["kind"]](manifest["calibration"])
        self._refer: Mapping[str, float] | None = manifest["refer"]

    @classmethod
    def load(cls, folder: Path | str, expected: Mapping[str, str] | None = None) -> Scorer:
        """Load a scorer folder: hashes first, then formats, then parsing.

        Args:
            folder: holds ``scorer.json`` and the members.
            expected: file name to SHA-256 from a trusted place (the signed manifest of a bundle); ``scorer.json``
                must be among them. Members are always checked against ``scorer.json``.

        Raises:
            ScorerError: a file is missing or changed, or its version or format is not known.
        """
        folder = Path(folder)
        raw = _checked(folder, MANIFEST, None if expected is None else expected.get(MANIFEST, ""))
        try:
            manifest = json.loads(raw)
            version = manifest["version"]
        except (ValueError, KeyError, TypeError):
            raise ScorerError(f"{MANIFEST} is not a scorer's description.") from None
        if version != 1:
            raise ScorerError(f"{MANIFEST} has version {version}; this code reads version 1.")
        members: list[tuple[Predict, float, int | None]] = []
        for member in manifest["members"]:
            make = FORMATS.get(member["format"])
            if make is None:
                raise ScorerError(f"{member['file']} has format {member['format']!r}, which is not on the list.")
            content = _checked(folder, member["file"], member["sha256"])
            if expected is not None and expected.get(member["file"]) != member["sha256"]:
                raise ScorerError(f"{member['file']} is not the file that was approved.")
            members.append((make(content), float(member["weight"]), member["block"]))
        try:
            return cls(manifest, members, hashlib.sha256(raw).hexdigest())
        except (KeyError, TypeError) as wrong:
            raise ScorerError(f"{MANIFEST} is incomplete: {wrong}.") from None

    def score(
        self, columns: Mapping[str, Sequence[object] | NDArray[Any]], rows: int, *, strict: bool = False
    ) -> Scores:
        """Score raw rows; columns that are not needed are ignored, the target is never read.

        Args:
            columns: raw cells by column name, each of length ``rows``: text of a CSV, JSON scalars, or arrays.
            rows: number of rows, 0 or more.
            strict: the rules for requests instead of those for files (see ``coerce``).

        Raises:
            MissingColumns: a needed column is not there.
        """
        x, faults = self.matrix(columns, rows, strict=strict)
        errors: list[str | None] = [None] * rows
        for fault in faults:
            before = errors[fault.row]
            errors[fault.row] = str(fault) if before is None else f"{before}; {fault}"
        return self._scores(self.predict(x), errors, faults)

    def matrix(
        self, columns: Mapping[str, Sequence[object] | NDArray[Any]], rows: int, *, strict: bool = False
    ) -> tuple[Rows, list[Fault]]:
        """Raw rows to features [rows, f]; unreadable cells count as missing and are listed.

        Raises:
            MissingColumns: a needed column is not there.
        """
        absent = [name for name in self.needed if name not in columns]
        if absent:
            raise MissingColumns(absent)
        faults: list[Fault] = []
        typed = {name: reader.read(columns[name], strict, faults) for name, reader in self.readers.items()}
        return self._encoder.matrix(self._cleaner.apply(typed), rows), faults

    def predict(self, x: Rows) -> Floats:
        """Features [n, f] to calibrated probabilities [n, k], or values [n, 1] in the target's unit."""
        outputs = len(self.classes) or 1
        total = np.zeros((len(x), outputs))
        for predict, weight, block in self._members:
            total += weight * _in_blocks(predict, x, outputs, block)
        if self.task == "regression":
            return each(math.expm1, total) if self.manifest["transform"] == "log1p" else total
        return self._calibrate(_normalised(np.clip(total, 0.0, 1.0)))

    def member_outputs(self, x: Rows) -> list[Floats]:
        """Each member's own output [n, k] or [n, 1], before weights and calibration."""
        outputs = len(self.classes) or 1
        return [_in_blocks(predict, x, outputs, block) for predict, _, block in self._members]

    def decide(self, probabilities: Floats) -> NDArray[np.int64]:
        """Class codes [n]: at the threshold where there are two classes, else the most probable (first of equals)."""
        if self.task == "binary":
            threshold = 0.5 if self.threshold is None else self.threshold
            return np.asarray(probabilities[:, 1] >= threshold, dtype=np.int64)
        codes: NDArray[np.int64] = np.argmax(probabilities, axis=1).astype(np.int64)
        return codes

    def _scores(self, output: Floats, errors: list[str | None], faults: list[Fault]) -> Scores:
        bad = np.array([error is not None for error in errors], dtype=bool)
        output[bad] = np.nan
        if self.task == "regression":
            values = output[:, 0]
            numbers = [None if wrong else value for value, wrong in zip(values.tolist(), bad, strict=True)]
            return Scores(list(numbers), None, None, values, None, errors, faults)
        codes = self.decide(output)
        codes[bad] = -1
        texts = [None if code < 0 else self.classes[code] for code in codes.tolist()]
        referred = None
        if self._refer is not None:
            sure = output[:, -1]
            referred = (sure >= self._refer["lower"]) & (sure <= self._refer["upper"])
        return Scores(list(texts), codes, output, None, referred, errors, faults)


def _checked(folder: Path, name: str, sha256: str | None) -> bytes:
    if Path(name).name != name or name in ("", ".", ".."):
        raise ScorerError(f"{name!r} is not a file's name.")
    try:
        content = (folder / name).read_bytes()
    except OSError:
        raise ScorerError(f"{name} is missing from the scorer.") from None
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ScorerError(f"{name} is not the file that was approved: its SHA-256 differs.")
    return content


# ── members ─────────────────────────────────────────────────────────────────


def _onnx(content: bytes) -> Predict:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as wrong:
        raise ScorerError(f"A member is not a valid ONNX model: {type(wrong).__name__}.") from None
    entry = session.get_inputs()[0].name
    # classifiers put the label first and the probabilities last
    wanted = [session.get_outputs()[-1].name]
    return lambda x: np.asarray(session.run(wanted, {entry: x})[0])


def _arrays(content: bytes) -> Predict:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
    except Exception as wrong:
        raise ScorerError(f"A member is not a file of plain arrays: {type(wrong).__name__}.") from None
    return lambda x: plain.evaluate(held, x)


FORMATS: dict[str, Callable[[bytes], Predict]] = {"onnx": _onnx, "arrays": _arrays}
"""Formats that may be loaded; none of them executes anything."""


def _in_blocks(predict: Predict, x: Rows, outputs: int, block: int | None) -> Floats:
    """Call a member on blocks of rows; the last is filled up with copies of its last row, and cut again."""
    rows = len(x)
    size = block or LARGEST_CALL
    out = np.empty((rows, outputs))
    for start in range(0, rows, size):
        part = x[start : start + size]
        held = len(part)
        wanted = block or max(2, held)
        if held < wanted:
            part = np.concatenate([part, np.repeat(part[-1:], wanted - held, axis=0)])
        out[start : start + held] = np.asarray(predict(part), dtype=np.float64).reshape(wanted, outputs)[:held]
    return out


# ── from outputs to probabilities ───────────────────────────────────────────


def each(function: Callable[[float], float], values: Floats) -> Floats:
    """A function of one number, value by value: the same bits for every batch size (vector code may differ)."""
    flat = [function(value) for value in values.ravel().tolist()]
    return np.array(flat, dtype=np.float64).reshape(values.shape)


def _normalised(probabilities: Floats) -> Floats:
    """Rows that sum to one; two classes as p and 1 - p."""
    if probabilities.shape[1] == 2:
        both = probabilities[:, 0] + probabilities[:, 1]
        positive = np.where(both > 0, probabilities[:, 1] / np.where(both > 0, both, 1.0), 0.5)
        return np.stack([1.0 - positive, positive], axis=1)
    total = np.zeros(len(probabilities))
    for column in range(probabilities.shape[1]):
        total += probabilities[:, column]
    even = 1.0 / probabilities.shape[1]
    kept = np.where(total > 0, total, 1.0)[:, None]
    return np.where(total[:, None] > 0, probabilities / kept, even)


Calibrate = Callable[[Floats], Floats]


def _per_class(curves: Sequence[Callable[[Floats], Floats]]) -> Calibrate:
    def calibrate(probabilities: Floats) -> Floats:
        if len(curves) == 1:
            positive = curves[0](probabilities[:, 1])
            return np.stack([1.0 - positive, positive], axis=1)
        columns = [curve(probabilities[:, j]) for j, curve in enumerate(curves)]
        return _normalised(np.stack(columns, axis=1))

    return calibrate


def _sigmoid(params: Mapping[str, Any]) -> Calibrate:
    def curve(a: float, b: float) -> Callable[[Floats], Floats]:
        def one(p: float) -> float:
            kept = min(max(p, _EDGE), 1.0 - _EDGE)
            margin = a * math.log(kept / (1.0 - kept)) + b
            return 1.0 / (1.0 + math.exp(-min(max(margin, -700.0), 700.0)))

        return lambda p: each(one, p)

    return _per_class([curve(float(a), float(b)) for a, b in zip(params["a"], params["b"], strict=True)])


def _isotonic(params: Mapping[str, Any]) -> Calibrate:
    def curve(x: Floats, y: Floats) -> Callable[[Floats], Floats]:
        return lambda p: np.interp(p, x, y)

    pairs = zip(params["x"], params["y"], strict=True)
    return _per_class([curve(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)) for x, y in pairs])


CALIBRATIONS: dict[str, Callable[[Mapping[str, Any]], Calibrate]] = {
    "none": lambda params: lambda probabilities: probabilities,
    "sigmoid": _sigmoid,
    "isotonic": _isotonic,
}
"""Kind of calibration to its maker; a new kind is one function and one line."""
