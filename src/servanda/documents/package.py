"""A person's copy of their data, as one zip.

    data/PLACE.csv, .json   all rows, by place
    about.json              what the policy says about them, machine-readable
    manifest.jsonld         only for portability (GDPR 20): the same in W3C vocabularies
    index.html              the same for a reader, in French or English

The zip is streamed: rows are read once and never all in memory. The output is deterministic: the same rows,
policy and time give the same bytes and digest.

Law: GDPR 12(1) concise, transparent, intelligible; 15(1) to (4); 20(1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Literal, Protocol
from zoneinfo import ZoneInfo

from servanda.documents.packing.about import about
from servanda.documents.packing.page import make_page, render
from servanda.documents.packing.portable import manifest, portable_selection
from servanda.documents.packing.statement import Statement, make_statement
from servanda.documents.packing.tables import PackedTable, Selection, file_name, pack_table
from servanda.documents.packing.zipped import ZipStream
from servanda.persons.copy import Held
from servanda.policy.policy import Policy

ExportRight = Literal["access", "portability"]


@dataclass(frozen=True, slots=True)
class Packed:
    """The result of packing: counts of rows and places, size in bytes, SHA-256 of the zip in hex."""

    rows: int
    places: int
    size: int
    digest: str


class Packer(Protocol):
    """The interface of packers of copies."""

    def pack(
        self,
        to: BinaryIO,
        held: Iterable[Held],
        policy: Policy,
        *,
        language: str,
        right: Literal["access", "portability"],
        at: datetime,
        reference: str,
    ) -> Packed:
        """Write the zip to `to`, which need not be seekable; `reference` names the request."""
        ...


class Package:
    """The `Packer` of zips. Caches the statement of the last policy, language and day."""

    def __init__(self) -> None:
        self._stated: tuple[Policy, str, date, Statement] | None = None

    def pack(
        self,
        to: BinaryIO,
        held: Iterable[Held],
        policy: Policy,
        *,
        language: str,
        right: ExportRight,
        at: datetime,
        reference: str,
    ) -> Packed:
        """Write the zip of a copy to `to`, which need not be seekable.

        `at` is timezone-aware; its day in the company's zone selects the facts of law. Raises NoCatalogue for a
        language other than French and English, and any error from reading the rows; the output is then incomplete.
        """
        statement = self._statement(policy, language, at.astimezone(ZoneInfo(policy.timezone)).date())
        with ZipStream(to, at) as zipped:
            tables = _pack_tables(zipped, held, statement, right)
            page = make_page(statement, right, at, reference, tables)
            data = tuple(zipped.entries)
            zipped.put("about.json", _json(about(page, data)))
            if right == "portability":
                zipped.put("manifest.jsonld", _json(manifest(statement, tables, data, at, reference)))
            zipped.put("index.html", render(page).encode("utf-8", "backslashreplace"))
        rows, places = sum(place.count for place in tables), len(tables)
        return Packed(rows, places, zipped.size, zipped.digest)

    def _statement(self, policy: Policy, language: str, on: date) -> Statement:
        """The statement of a policy, cached for the last policy, language and day."""
        cached = self._stated
        if cached is None or cached[0] is not policy or cached[1:3] != (language, on):
            cached = self._stated = (policy, language, on, make_statement(policy, language, on))
        return cached[3]


def _pack_tables(
    zipped: ZipStream, held: Iterable[Held], statement: Statement, right: ExportRight
) -> list[PackedTable]:
    """Write the rows of every place in the copy; each is read in full before the next one begins."""
    taken: set[str] = set()
    tables = []
    for place_copy in held:
        chosen = (
            Selection(place_copy.columns, place_copy.data)
            if right == "access"
            else portable_selection(place_copy, statement)
        )
        if chosen is not None:
            tables.append(
                pack_table(zipped, place_copy, chosen, file_name(place_copy.place, place_copy.named, taken))
            )
    return tables


def _json(content: Mapping[str, object]) -> bytes:
    """JSON with one line per top-level key."""
    lines = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")
