"""The copy that a person gets, as one zip: to read, to open in a spreadsheet, to give to software.

    data/PLACE.csv, .json   every row, place by place
    about.json              what the policy says of them, for software
    manifest.jsonld         of a copy to take along (GDPR 20): the same in the words of the W3C
    index.html              all of it for a person, in French or English

The zip is written as a stream: rows are read once and never all held. The same rows, policy and moment give the
same bytes, so that a digest says what was handed over.

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
from servanda.documents.packing.page import lay_out, render
from servanda.documents.packing.portable import manifest, provided
from servanda.documents.packing.statement import Statement, state
from servanda.documents.packing.tables import Chosen, Laid, file_name, lay
from servanda.documents.packing.zipped import Zipped
from servanda.persons.copy import Held
from servanda.policy.policy import Policy

ExportRight = Literal["access", "portability"]


@dataclass(frozen=True, slots=True)
class Packed:
    """What was packed: rows, the places that they are from, bytes; SHA-256 of the zip, in hex."""

    rows: int
    places: int
    size: int
    digest: str


class Packer(Protocol):
    """Packs a person's copy as a zip."""

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
        """Write the zip to `to`, which need not seek; `reference` is how the request is called."""
        ...


class Package:
    """Packs copies; a `Packer`. What it once worked out of a policy serves the next copy too."""

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
        """Write the zip of a copy to `to`, which need not seek.

        `at` has a zone; the law is looked up for its day in the company's zone. Raises NoCatalogue for a language
        other than French and English, and whatever reading the rows raises: what was written is then no zip.
        """
        statement = self._statement(policy, language, at.astimezone(ZoneInfo(policy.timezone)).date())
        with Zipped(to, at) as zipped:
            laid = _lay(zipped, held, statement, right)
            page = lay_out(statement, right, at, reference, laid)
            data = tuple(zipped.entries)
            zipped.put("about.json", _json(about(page, data)))
            if right == "portability":
                zipped.put("manifest.jsonld", _json(manifest(statement, laid, data, at, reference)))
            zipped.put("index.html", render(page).encode("utf-8", "backslashreplace"))
        rows, places = sum(place.count for place in laid), len(laid)
        return Packed(rows, places, zipped.size, zipped.digest)

    def _statement(self, policy: Policy, language: str, on: date) -> Statement:
        """What the policy says; worked out once for one policy, language and day after the other."""
        known = self._stated
        if known is None or known[0] is not policy or known[1:3] != (language, on):
            known = self._stated = (policy, language, on, state(policy, language, on))
        return known[3]


def _lay(zipped: Zipped, held: Iterable[Held], statement: Statement, right: ExportRight) -> list[Laid]:
    """Write the rows of every place that belongs into the copy; each is read before the next is asked for."""
    taken: set[str] = set()
    laid = []
    for one in held:
        chosen = Chosen(one.columns, one.data) if right == "access" else provided(one, statement)
        if chosen is not None:
            laid.append(lay(zipped, one, chosen, file_name(one.place, one.named, taken)))
    return laid


def _json(content: Mapping[str, object]) -> bytes:
    """JSON with a line for each of the first keys."""
    lines = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")
