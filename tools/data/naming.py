"""Names for columns: as in the source, but unique and never empty."""

from __future__ import annotations

from tools.errors import InputError
from tools.wording import Sentence, plural, say


def unique_names(
    found: list[str] | None, stated: tuple[str, ...] | None, width: int
) -> tuple[list[str], dict[str, str], list[Sentence]]:
    """Names for all columns: as in the source but unique; (names, new name to old, what to tell).

    Raises:
        InputError: the stated names are not as many as the columns.
    """
    if stated is not None and len(stated) != width:
        raise InputError(
            f"source.names gives {len(stated)} {plural(len(stated), 'name')} for {width} columns.",
            hint="Give one name per column.",
            code=8,
        )
    digits = max(2, len(str(width)))
    source = list(stated) if stated is not None else found or [f"c{place + 1:0{digits}d}" for place in range(width)]
    # half a character, as JSON can hold, would fit into no file
    source = [name.encode("utf-8", "replace").decode("utf-8") for name in source]
    taken = {name for name in source if name.strip()}
    names: list[str] = []
    renamed: dict[str, str] = {}
    notes: list[Sentence] = []
    for place, name in enumerate(source, start=1):
        given = name
        if not name.strip():
            given = _free(f"column {place}", taken)
            notes.append(
                say(
                    'the column at place {place|int} has no name and is called "{given}"',
                    place=place,
                    given=given,
                )
            )
        elif name in names:
            given = _free(f"{name} (column {place})", taken)
            notes.append(
                say(
                    'two columns are called "{name}", at places {first|int} and {place|int}; the later one is kept as '
                    '"{given}"',
                    name=name,
                    first=names.index(name) + 1,
                    place=place,
                    given=given,
                )
            )
        if given != name:
            renamed[given] = name
        taken.add(given)
        names.append(given)
    return names, renamed, notes


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    return name
