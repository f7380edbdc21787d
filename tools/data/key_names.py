"""What a column's name says about keys and time: identifiers, codes, calendar. No values needed."""

from __future__ import annotations

from tools.data.privacy_names import RATES, words

KEY_WORDS = frozenset({"id", "key", "uuid", "guid"})
"""Words that make a name a key wherever they stand first or last (``customer_id``, ``id_customer``)."""
NUMBER_WORDS = frozenset({"number", "no", "nr", "num", "ref", "reference", "seq", "sequence", "record", "row", "code"})
"""Words that make a name a key where they stand last after another (``policy_number``)."""
ENTITY_WORDS = frozenset({"number", "no", "nr", "num", "ref", "reference"})
"""Those of them that may stand for persons or things (``patient_no``)."""
PLACES = frozenset({"house", "floor", "room", "page", "line", "version", "seat", "lot", "phone"})
"""What has a number that tells no entity apart."""
ALONE_WORDS = frozenset({"index", "order", "row", "record", "number", "seq", "sequence", "case", "nr"})
"""Words that make a key as the whole name."""
NOT_KEYS = frozenset(
    {
        "acid", "aid", "android", "asteroid", "avid", "avoid", "bid", "covid", "did", "fluid", "grid", "hid", "humid",
        "hybrid", "invalid", "kid", "laid", "lid", "liquid", "madrid", "mid", "orchid", "paid", "prepaid", "rapid",
        "repaid", "rid", "said", "solid", "steroid", "thyroid", "unpaid", "valid", "void",
    }
)  # fmt: skip
"""Words that end in "id" and are none."""
CODE_WORDS = frozenset(
    {
        "agent", "branch", "brand", "category", "channel", "city", "class", "cluster", "code", "company", "country",
        "county", "department", "district", "division", "group", "id", "industry", "kind", "occupation", "postcode",
        "product", "region", "sector", "segment", "shop", "state", "station", "status", "store", "type", "zip", "zone",
    }
)  # fmt: skip
"""Words of whole numbers that are names of something rather than amounts."""
MEASURES = RATES | {"at", "average", "count", "in", "mean", "n", "num", "number", "of", "per", "total"}
"""Words that make a measure of a name: ``years_at_company`` holds no code."""
TIME_WORDS = frozenset(
    {"date", "time", "timestamp", "datetime", "day", "dt", "ts", "year", "yr", "month", "week", "period", "quarter"}
)
"""Words of columns that say when."""
CALENDAR_WORDS = frozenset(
    {
        "year", "yr", "month", "mo", "day", "week", "weekday", "weekend", "season", "quarter", "date", "hour", "hr",
        "minute", "second",
    }
)  # fmt: skip
"""Words of columns that move along with time by definition."""


def says_key(name: str) -> bool:
    """Whether a column's name says that it holds keys: ``customerID``, ``policy_number``, ``pid``, ``index``."""
    named = words(name)
    if says_entity(name):
        return True
    return bool(named) and not says_calendar(name) and named[-1] in (NUMBER_WORDS if len(named) > 1 else ALONE_WORDS)


def says_entity(name: str) -> bool:
    """Whether a column's name says that it tells persons or things apart: ``customer_id``, ``patient_no``."""
    named = words(name)
    if not named:
        return False
    if KEY_WORDS & {named[0], named[-1]} or _ends_in_id(named[-1]):
        return True
    return len(named) > 1 and named[-1] in ENTITY_WORDS and not PLACES & set(named) and not says_calendar(name)


def says_code(name: str) -> bool:
    """Whether a column's name says that its numbers stand for something (a region, a type) and are no amounts."""
    named = words(name)
    return bool(CODE_WORDS & set(named[-1:])) and not MEASURES & set(named)


def says_time(name: str) -> bool:
    """Whether a column's name speaks of time."""
    return bool(TIME_WORDS & set(words(name)))


def says_calendar(name: str) -> bool:
    """Whether a column's name is that of a part of the calendar or the clock."""
    return bool(CALENDAR_WORDS & set(words(name)))


def _ends_in_id(word: str) -> bool:
    return len(word) > 2 and word.endswith("id") and word not in NOT_KEYS
