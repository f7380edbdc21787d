"""Which encoding the bytes of a text file have, and what speaks for it."""

from __future__ import annotations

import codecs
import re
import unicodedata

from tools.data.reading import Assumption
from tools.errors import InputError
from tools.wording import Sentence, say

ENCODING_NAMES = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 with byte-order mark", "utf-16": "UTF-16", "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16", "utf-32": "UTF-32", "latin-1": "Latin-1", "cp1252": "Windows-1252",
}  # fmt: skip
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
COMMON = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "iso8859_2", "iso8859_5", "iso8859_7", "cp1253", "cp1254", "cp1255",
    "cp1256", "cp1257", "cp932", "euc_jp", "gb18030", "big5", "cp949", "mac_roman", "cp850", "cp866", "tis_620",
]  # fmt: skip
"""Encodings in which tables are really written; among all that exist a short text fits too many."""
LOOKED_AT = 20_000_000
"""Bytes that an encoding is judged on."""
MIXED = 0.1
"""Share of the lines with letters past ASCII that must be UTF-8 for a file to be called mixed rather than foreign."""
NOT_TEXT = "Give a CSV, TSV, Parquet, JSON, Excel, ARFF or Arrow file."

Decoded = tuple[str, str, Assumption | None, Sentence | None]
"""Text, name of the encoding, what was assumed, what to warn of."""


def decode(data: bytes, name: str, encoding: str | None = None) -> Decoded:
    """Bytes to text.

    Raises:
        InputError: the stated encoding is unknown or does not fit, or the bytes are no text.
    """
    if encoding:
        return _stated(data, name, encoding), ENCODING_NAMES.get(encoding.lower(), encoding), None, None
    for mark, found in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            label = ENCODING_NAMES[found]
            text = _as(data, found, name).removeprefix("\ufeff")
            return text, label, _assumed(label, "the file begins with a byte-order mark"), None
    if b"\0" in data[:4096]:
        return _without_mark(data, name)
    try:
        return data.decode("utf-8"), "UTF-8", None, None
    except UnicodeDecodeError:
        return _mixed(data) or _guessed(data)


def _stated(data: bytes, name: str, encoding: str) -> str:
    try:
        # a codec from bytes to bytes ("zlib") is none of text and raises LookupError
        return data.decode(encoding).removeprefix("\ufeff")
    except (LookupError, ValueError) as error:
        if not isinstance(error, UnicodeDecodeError):
            raise InputError(
                f'There is no encoding called "{encoding}".',
                hint="Use utf-8, latin-1, cp1252 or utf-16, for example.",
                code=8,
            ) from None
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"{name}, line {line}: the bytes are not {encoding}.",
            hint="Set source.encoding to another one, or leave it out to have it found.",
            file=name,
            line=line,
        ) from None


def _as(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise InputError(
            f"{name} begins as {ENCODING_NAMES[encoding]} but does not go on so.",
            hint="The file may be cut short: get it again, or set source.encoding.",
            file=name,
        ) from None


def _without_mark(data: bytes, name: str) -> Decoded:
    """UTF-16 without a mark: zero bytes in every other place only, and letters, signs and line ends around them."""
    start = data[:4096]
    for encoding, zeros, rest in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
        if rest.count(0) or not zeros.count(0):
            continue
        western = zeros.count(0) > 0.7 * len(zeros)
        trial = start[: len(start) // 2 * 2].decode(encoding, errors="replace")
        if western or _is_writing(trial):
            told = "every other byte is zero, as in Western text" if western else "read so, it is letters and line ends"
            return _as(data, encoding, name), "UTF-16", _assumed("UTF-16", told), None
    raise InputError(f"{name} is not a text table: it holds zero bytes.", hint=NOT_TEXT, file=name)


def _is_writing(text: str) -> bool:
    kinds = [unicodedata.category(char) for char in text if char not in "\t\r\n"]
    return "\n" in text and all(kind not in ("Cc", "Cn", "Co", "Cs") for kind in kinds)


def _high(error: UnicodeError) -> tuple[str, int]:
    """The letter that a byte stands for in Windows-1252, or in Latin-1 where it stands for none there."""
    assert isinstance(error, UnicodeDecodeError)
    byte = error.object[error.start : error.start + 1]
    letter = byte.decode("cp1252", errors="ignore") or byte.decode("latin-1")
    return letter, error.start + 1


codecs.register_error("phasegate-western", _high)


def _mixed(data: bytes) -> Decoded | None:
    """Text that is UTF-8 on some lines and Western European on others, as files pasted together are."""
    unicode, western, first = 0, 0, 0
    for number, line in enumerate(data[:LOOKED_AT].split(b"\n"), start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            unicode += 1
        except UnicodeDecodeError:
            western += 1
            first = first or number
    if unicode < 2 or not western or unicode < MIXED * (unicode + western):
        return None
    label = "UTF-8 and Windows-1252"
    evidence = say(
        "{unicode|int} lines with accented letters are UTF-8 and {western|int} are not, the first of these line "
        "{first|int}",
        unicode=unicode,
        western=western,
        first=first,
    )
    warning = say(
        "the file mixes encodings: {western|int} of its lines are not UTF-8 (the first is line {first|int}) and were "
        "read as {other}",
        other="Windows-1252",
        western=western,
        first=first,
    )
    text = data.decode("utf-8", errors="phasegate-western")
    return text, label, Assumption(what="encoding", value=label, evidence=evidence), warning


def _guessed(data: bytes) -> Decoded:
    from charset_normalizer import from_bytes

    cells = {cell for cell in re.split(rb'[,;\t\r\n"]', data[:LOOKED_AT]) if not cell.isascii()}
    sample = b" ".join(sorted(cells)[:2000])
    western = "cp1252" if re.search(rb"[\x80-\x9f]", data) else "latin-1"
    best = None if _letters_only(sample, western) else from_bytes(sample, cp_isolation=COMMON).best()
    if best is None or best.encoding == "cp1252":
        label = ENCODING_NAMES[western]
        text = data.decode(western, errors="replace")
        return text, label, _assumed(label, "the bytes are not UTF-8 and read as Western letters"), None
    text = data.decode(best.encoding, errors="replace")
    return text, best.encoding, _assumed(best.encoding, "the bytes are not UTF-8; the letters fit best"), None


def _letters_only(sample: bytes, encoding: str) -> bool:
    """Whether every byte past ASCII is a letter of Western Europe or a common sign there."""
    common = set("äöüÄÖÜßéèêëÉÈÊàâáÀÂÁçÇñÑóòôõÓÒÔúùûÚÙÛíìîïÍÌÎøØåÅæÆœŒ€£°²³«»“”‘’–—·…¿¡ãÃ\u00a0")
    text = sample.decode(encoding, errors="replace")
    return all(char in common for char in text if char > "\x7f")


def _assumed(label: str, evidence: str) -> Assumption:
    return Assumption(what="encoding", value=label, evidence=say(evidence))
