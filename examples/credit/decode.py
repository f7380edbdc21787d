"""Decode the Statlog German Credit file into readable column names and levels.

    python examples/credit/decode.py german.data examples/credit/credit.csv

The original writes each level as a code (``A11``) and has no header. The levels below are those of the attribute
documentation that comes with it, shortened. One column is split in two: ``A9`` holds personal status and sex in a
single code. Nothing else is changed: the rows keep their order, and no value is filled, dropped or corrected.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

LEVELS: dict[str, dict[str, str]] = {
    "checking_account": {
        "A11": "below 0 DM",
        "A12": "0 to 199 DM",
        "A13": "200 DM or more",
        "A14": "no account",
    },
    "credit_history": {
        "A30": "no credits or all paid back",
        "A31": "all credits here paid back",
        "A32": "existing credits paid so far",
        "A33": "delays in the past",
        "A34": "critical or credits elsewhere",
    },
    "purpose": {
        "A40": "new car",
        "A41": "used car",
        "A42": "furniture or equipment",
        "A43": "radio or television",
        "A44": "domestic appliances",
        "A45": "repairs",
        "A46": "education",
        "A47": "vacation",
        "A48": "retraining",
        "A49": "business",
        "A410": "other",
    },
    "savings": {
        "A61": "below 100 DM",
        "A62": "100 to 499 DM",
        "A63": "500 to 999 DM",
        "A64": "1000 DM or more",
        "A65": "unknown or no savings account",
    },
    "employment": {
        "A71": "unemployed",
        "A72": "under 1 year",
        "A73": "1 to 3 years",
        "A74": "4 to 6 years",
        "A75": "7 years or more",
    },
    "other_debtors": {"A101": "nobody", "A102": "co-applicant", "A103": "guarantor"},
    "property": {
        "A121": "real estate",
        "A122": "savings agreement or life insurance",
        "A123": "car or other",
        "A124": "unknown or no property",
    },
    "other_installments": {"A141": "at a bank", "A142": "at stores", "A143": "no other plan"},
    "housing": {"A151": "rent", "A152": "own", "A153": "for free"},
    "job": {
        "A171": "unemployed or unskilled non-resident",
        "A172": "unskilled resident",
        "A173": "skilled employee or official",
        "A174": "management or highly qualified",
    },
    "telephone": {"A191": "no", "A192": "yes"},
    "foreign_worker": {"A201": "yes", "A202": "no"},
    "risk": {"1": "good", "2": "bad"},
}

STATUS_AND_SEX: dict[str, tuple[str, str]] = {
    "A91": ("male", "divorced or separated"),
    "A92": ("female", "divorced or separated or married"),
    "A93": ("male", "single"),
    "A94": ("male", "married or widowed"),
    "A95": ("female", "single"),
}

ORIGINAL = (
    "checking_account",
    "duration",
    "credit_history",
    "purpose",
    "amount",
    "savings",
    "employment",
    "installment_rate",
    "sex and marital_status",
    "other_debtors",
    "residence_since",
    "property",
    "age",
    "other_installments",
    "housing",
    "existing_credits",
    "job",
    "dependants",
    "telephone",
    "foreign_worker",
    "risk",
)


def header() -> list[str]:
    """The decoded column names, in file order."""
    return [name for column in ORIGINAL for name in column.split(" and ")]


def decode(line: str) -> list[str]:
    """One line of the original as the decoded cells, in the order of `header`.

    Raises:
        ValueError: the line does not have 21 fields.
        KeyError: a code is not in the documentation.
    """
    cells: list[str] = []
    for column, code in zip(ORIGINAL, line.split(), strict=True):
        if " and " in column:
            cells.extend(STATUS_AND_SEX[code])
        else:
            cells.append(LEVELS[column][code] if column in LEVELS else str(int(code)))
    return cells


def main(source: str, target: str) -> None:
    """Decode the file at ``source`` into a comma-separated file at ``target``."""
    lines = Path(source).read_text(encoding="ascii").splitlines()
    with Path(target).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header())
        writer.writerows(decode(line) for line in lines if line.strip())


if __name__ == "__main__":
    main(*sys.argv[1:])
