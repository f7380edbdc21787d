"""What a column's name says about persons: personal data and protected attributes. No values needed."""

from __future__ import annotations

import re

PERSONAL_NAMES: dict[str, tuple[str, ...]] = {
    "e-mail": ("email", "e mail", "mail address"),
    "phone": ("phone", "telephone", "mobile", "cellphone", "fax", "tel", "phone number"),
    "name": (
        "name", "full name", "first name", "last name", "firstname", "lastname", "surname", "given name", "forename",
        "customer name", "patient name", "person name", "maiden name", "middle name", "contact name", "user name",
        "username", "fullname", "applicant name", "employee name",
    ),
    "national number": (
        "ssn", "social security", "social security number", "national id", "passport", "tax id", "nino", "cpf",
        "aadhaar", "bsn", "driver license", "drivers license", "licence number", "nhs number",
    ),
    "card number": ("card", "card number", "credit card", "credit card number", "cc number", "pan", "cardnumber"),
    "bank account": ("iban", "account number", "bank account", "bic"),
    "address": ("address", "street", "street address", "home address", "postal address", "addr"),
    "IP address": ("ip", "ip address", "ipaddress"),
    "birth date": ("birth date", "date of birth", "dob", "birthday", "birthdate"),
}  # fmt: skip
"""Kind of personal data to names that stand for it, as words in lower case."""

PROTECTED_NAMES: dict[str, tuple[str, ...]] = {
    "sex": ("sex", "gender", "male", "female"),
    "age": ("age", "birth year", "year of birth", "birthyear", "senior", "elderly", "age group"),
    "race": ("race", "ethnicity", "ethnic", "ethnic group", "skin colour", "skin color"),
    "nationality": (
        "nationality", "native country", "country of birth", "citizenship", "foreign", "foreigner", "immigrant",
        "national origin", "birthplace",
    ),
    "marital status": ("marital", "marital status", "married", "civil status", "partner", "relationship", "spouse"),
    "religion": ("religion", "faith", "denomination"),
    "disability": ("disability", "disabled", "handicap"),
    "pregnancy": ("pregnant", "pregnancy"),
    "dependants": ("dependents", "dependants"),
    "orientation": ("sexual orientation",),
}  # fmt: skip
"""Protected attribute to words that stand for it in a column's name."""
RATES = frozenset({"years", "yrs", "months", "days", "rate", "share", "percent", "pct", "ratio"})
"""Words of a length of time or a share: ``years_married`` is no marital status."""


def words(name: str) -> list[str]:
    """The words of a column name in lower case: ``firstName``, ``first_name`` and ``First-Name`` alike."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word for word in re.split(r"[^0-9A-Za-z\u00c0-\u024f]+", spaced.lower()) if word]


def personal_kind(name: str) -> str | None:
    """The kind of personal data that a column's name speaks of, or None."""
    found = words(name)
    text = " ".join(found)
    for kind, names in PERSONAL_NAMES.items():
        for known in names:
            exact = text == known or text.replace(" ", "") == known.replace(" ", "")
            # several words are telling inside a longer name; a single one only where it is not a part of a measure
            inside = " " in known and f" {known} " in f" {text} "
            telling = kind in ("e-mail", "phone", "national number", "bank account") and known in found
            if exact or inside or (telling and len(known) > 2 and not _is_measure(found)):
                return kind
    return None


def protected_kind(name: str) -> str | None:
    """The protected attribute that a column's name speaks of, or None."""
    found = words(name)
    text = " ".join(found)
    for kind, names in PROTECTED_NAMES.items():
        for known in names:
            if text == known or text.replace(" ", "") == known.replace(" ", ""):
                return kind
            measured = _is_measure(found) if known == "age" else kind != "age" and bool(RATES & set(found))
            if f" {known} " in f" {text} " and not measured:
                return kind
    return None


def _is_measure(found: list[str]) -> bool:
    """Whether the name counts or flags something (phone_service, age_of_account) rather than holding it."""
    return bool(
        {"service", "count", "calls", "has", "is", "flag", "plan", "type", "of", "account", "lines"} & set(found)
    )
