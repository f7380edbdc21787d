"""What the risk register says of single risks in this run: their figure, or why they do not apply."""

from __future__ import annotations

from tools.reporting.material import Material, line
from tools.reporting.sections import Line, words


def nothing_missing(m: Material) -> Line | None:
    """Why missing data are no risk here, where no column has a gap."""
    profile = m.node("train_profile.json")["columns"]
    if profile and all((each["missing_share"].number or 0) == 0 for each in profile):
        told = "not applicable, because none of the {n|int} columns misses a value in the training rows"
        return line(told, n=profile.count)
    return None


def no_numbers(m: Material) -> Line | None:
    """Why outliers are no risk here, where no column holds numbers."""
    columns = m.node("reading.json")["columns"]
    if columns and not any(each["type"].text in ("number", "integer") for each in columns):
        return words("not applicable, because no column holds numbers")
    return None


def gaps(m: Material) -> Line | None:
    """How many values are missing in the training rows."""
    found = m.fact("preparation.cleaning/gaps")
    if found.number is None:
        return None
    columns = m.fact("preparation.cleaning/gap_columns")
    return line(
        "{gaps|int} values are missing in {columns|int} columns of the training rows", gaps=found, columns=columns
    )


def changed_values(m: Material) -> Line | None:
    """What the cleaning plan does to outliers, and how many values it changed."""
    cells = m.fact("preparation.cleaning/cells")
    if cells.number is None:
        return None
    return line(
        "{outliers|words}; {cells|int} values of the training rows were changed",
        outliers=m.fact("preparation.cleaning/outliers"), cells=cells,
    )  # fmt: skip


def fit(m: Material) -> Line | None:
    """The loss on rows seen and on rows not seen."""
    step = "experimentation.error_analysis"
    seen, unseen = m.fact(f"{step}/training_loss"), m.fact(f"{step}/oof_loss")
    if seen.number is None or unseen.number is None:
        return None
    return line("loss of {seen|num} on rows seen, {unseen|num} on rows not seen", seen=seen, unseen=unseen)


def gain(m: Material) -> Line | None:
    """The gain over the baseline on the test rows."""
    step = "validation.holdout"
    found = m.fact(f"{step}/gain")
    if found.number is None:
        return None
    return line(
        "{gain|num} better than {baseline} on the test ({lower|num} to {upper|num})",
        gain=found, baseline=m.fact(f"{step}/baseline"), lower=m.fact(f"{step}/gain_lower"),
        upper=m.fact(f"{step}/gain_upper"),
    )  # fmt: skip
