"""Writes the rows of a place as JSON and CSV in one pass, and keeps the first for the page.

Only the rows for the page and the write buffers are in memory.
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
from servanda.documents.packing.zipped import ZipStream
from servanda.persons.copy import Held

PREVIEW_ROWS = 200
"""The number of rows of a place on the page."""
_BATCH = 500
_UTF8_BOM = b"\xef\xbb\xbf"
_BUFFER_SIZE = 4 << 20
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PackedTable:
    """A place in the zip: `file` is the name of its files without extension.

    `data` are columns by category, `technical` are columns of no category, such as keys. `first` are at most
    200 of the `count` rows.
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
class Selection:
    """The columns of a place in a copy, in order and by category."""

    columns: tuple[str, ...]
    data: dict[str, tuple[str, ...]]


def pack_table(zipped: ZipStream, held: Held, chosen: Selection, file: str) -> PackedTable:
    """Write the rows of a place into the zip as JSON and CSV, and keep the first for the page."""
    reading = _Reading(_pick(held, chosen), json_row(chosen.columns))
    with Spool() as csv:
        csv.write(_UTF8_BOM + _bytes(csv_line(chosen.columns)))
        _write(zipped, f"data/{file}.json", _json(held, chosen, reading, csv))
        buffered = csv.in_memory
        if buffered is not None:
            zipped.put(f"data/{file}.csv", buffered)
        else:
            zipped.put_all(f"data/{file}.csv", csv.parts())
    categorised = {c for columns in chosen.data.values() for c in columns}
    return PackedTable(
        held.place,
        file,
        chosen.columns,
        chosen.data,
        tuple(c for c in chosen.columns if c not in categorised),
        held.left_out,
        {c: name for c, name in held.fields.items() if c in chosen.columns},
        held.zone,
        held.named,
        reading.count,
        tuple(reading.first),
    )


def file_name(place: str, named: bool, taken: set[str]) -> str:
    """A portable, unique file name for a place; `taken` are the lower-case names in use, and is updated."""
    plain = unicodedata.normalize("NFKD", place).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("._-")[:80].rstrip(".") or "place"
    if _RESERVED.match(name):
        name = f"_{name}"
    name += ".named" if named else ""
    candidate, number = name, 2
    while candidate.lower() in taken:
        candidate, number = f"{name}-{number}", number + 1
    taken.add(candidate.lower())
    return candidate


class _Reading:
    """Iterates over rows in batches: counts them, keeps the first, and renders them."""

    def __init__(self, rows: Iterator[Sequence[Any]], as_json: Callable[[Sequence[Any]], str]) -> None:
        self._rows, self._as_json = rows, as_json
        self.count = 0
        self.first: list[tuple[Any, ...]] = []

    def parts(self, csv: Spool) -> Iterator[bytes]:
        """Yield the rows as JSON, one per line, in batches; their CSV goes to the spool."""
        while batch := list(islice(self._rows, _BATCH)):
            if len(self.first) < PREVIEW_ROWS:
                self.first += map(tuple, batch[: PREVIEW_ROWS - len(self.first)])
            csv.write(_bytes("".join(map(csv_line, batch))))
            lines = ",\n".join(map(self._as_json, batch))
            yield _bytes(f",\n{lines}" if self.count else f"\n{lines}")
            self.count += len(batch)


def _json(held: Held, chosen: Selection, reading: _Reading, csv: Spool) -> Iterator[bytes]:
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


def _write(zipped: ZipStream, name: str, parts: Iterator[bytes]) -> None:
    """Write a file of the zip: at once if it is at most `_BUFFER_SIZE` bytes, else as a stream."""
    buffered, size = [], 0
    for part in parts:
        buffered.append(part)
        size += len(part)
        if size > _BUFFER_SIZE:
            zipped.put_all(name, _replay(buffered, parts))
            return
    zipped.put(name, b"".join(buffered))


def _replay(buffered: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    while buffered:
        yield buffered.pop(0)
    yield from rest


def _pick(held: Held, chosen: Selection) -> Iterator[Sequence[Any]]:
    """The rows, reduced to the selected columns."""
    if chosen.columns == held.columns:
        return held.rows
    positions = [held.columns.index(column) for column in chosen.columns]
    if len(positions) == 1:
        return ((row[positions[0]],) for row in held.rows)
    return map(itemgetter(*positions), held.rows)


def _bytes(text: str) -> bytes:
    r"""Encode as UTF-8; a lone surrogate becomes \udXXX."""
    return text.encode("utf-8", "backslashreplace")
