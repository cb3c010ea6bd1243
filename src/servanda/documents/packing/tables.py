"""The rows of a place, read once: two files of the zip, and the first of them for the page.

Memory holds the rows that the page shows, and what waits for the zip; never all rows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from servanda.documents.packing.forms import csv_line, json_row, to_json
from servanda.documents.packing.spool import Spool
from servanda.documents.packing.zipped import Zipped
from servanda.persons.copy import Held

SHOWN = 200
"""Rows of a place that the page shows."""
_AT_ONCE = 500
_MARK = b"\xef\xbb\xbf"
_FEW = 4 << 20
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Laid:
    """A place as it lies in the zip: `file` is the name of its files without their ends.

    `data` gives each category its columns, `technical` are those of no category: numbers of rows and of what
    they belong to. `first` are at most 200 of the `count` rows.
    """

    place: str
    file: str
    columns: tuple[str, ...]
    data: dict[str, tuple[str, ...]]
    technical: tuple[str, ...]
    left_out: tuple[str, ...]
    fields: dict[str, str]
    zone: str
    named: bool
    count: int
    first: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns of a place that go into a copy, in their order, by category."""

    columns: tuple[str, ...]
    data: dict[str, tuple[str, ...]]


def lay(zipped: Zipped, held: Held, chosen: Chosen, file: str) -> Laid:
    """Write the rows of a place into the zip, as JSON and as CSV, and keep the first for the page."""
    reading = _Reading(_pick(held, chosen), json_row(chosen.columns))
    with Spool() as csv:
        csv.write(_MARK + _bytes(csv_line(chosen.columns)))
        _write(zipped, f"data/{file}.json", _json(held, chosen, reading, csv))
        few = csv.few
        if few is not None:
            zipped.put(f"data/{file}.csv", few)
        else:
            zipped.put_all(f"data/{file}.csv", csv.parts())
    owned = {c for own in chosen.data.values() for c in own}
    return Laid(
        held.place,
        file,
        chosen.columns,
        chosen.data,
        tuple(c for c in chosen.columns if c not in owned),
        held.left_out,
        {c: name for c, name in held.fields.items() if c in chosen.columns},
        held.zone,
        held.named,
        reading.count,
        tuple(reading.first),
    )


def file_name(place: str, named: bool, taken: set[str]) -> str:
    """A name for the files of a place that every system takes; `taken` are those in use, in small letters."""
    plain = unicodedata.normalize("NFKD", place).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("._-")[:80].rstrip(".") or "place"
    if _RESERVED.match(name):
        name = f"_{name}"
    name += ".named" if named else ""
    found, number = name, 2
    while found.lower() in taken:
        found, number = f"{name}-{number}", number + 1
    taken.add(found.lower())
    return found


class _Reading:
    """Takes rows as they come: counts them, keeps the first, and gives them as text."""

    def __init__(self, rows: Iterator[Sequence[Any]], as_json: Callable[[Sequence[Any]], str]) -> None:
        self._rows, self._as_json = rows, as_json
        self.count = 0
        self.first: list[tuple[Any, ...]] = []

    def parts(self, csv: Spool) -> Iterator[bytes]:
        """The rows as JSON, one a line, some lines at a time; their CSV goes where it waits."""
        while some := list(islice(self._rows, _AT_ONCE)):
            if len(self.first) < SHOWN:
                self.first += map(tuple, some[: SHOWN - len(self.first)])
            csv.write(_bytes("".join(map(csv_line, some))))
            lines = ",\n".join(map(self._as_json, some))
            yield _bytes(f",\n{lines}" if self.count else f"\n{lines}")
            self.count += len(some)


def _json(held: Held, chosen: Chosen, reading: _Reading, csv: Spool) -> Iterator[bytes]:
    head = {
        "place": held.place,
        "named_only": held.named,
        "columns": list(chosen.columns),
        "left_out": list(held.left_out),
        "zone_of_times_without_one": held.zone,
    }
    yield _bytes(to_json(head)[:-1] + ',"rows":[')
    yield from reading.parts(csv)
    yield b"\n]}\n"


def _write(zipped: Zipped, name: str, parts: Iterator[bytes]) -> None:
    """Write a file of the zip: in one piece while it is small, else part by part."""
    few, size = [], 0
    for part in parts:
        few.append(part)
        size += len(part)
        if size > _FEW:
            zipped.put_all(name, _chained(few, parts))
            return
    zipped.put(name, b"".join(few))


def _chained(few: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    while few:
        yield few.pop(0)
    yield from rest


def _pick(held: Held, chosen: Chosen) -> Iterator[Sequence[Any]]:
    """The rows, with the chosen columns only."""
    if chosen.columns == held.columns:
        return held.rows
    at = [held.columns.index(column) for column in chosen.columns]
    if len(at) == 1:
        return ((row[at[0]],) for row in held.rows)
    return map(itemgetter(*at), held.rows)


def _bytes(text: str) -> bytes:
    r"""UTF-8; half a pair of surrogates, which is no text, as \udXXX."""
    return text.encode("utf-8", "backslashreplace")
