"""A copy that was packed, as somebody has it who was given it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import pytest

from projects import policy as policy_document
from projects import retention
from servanda.documents.package import Package, Packed, Packer
from servanda.persons.copy import Held
from servanda.policy.policy import Policy

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[1]
PACKER: Packer = Package()


def held(
    place: str = "app.notes",
    columns: tuple[str, ...] = ("id", "body"),
    rows: Iterable[tuple[Any, ...]] = ((1, "x"),),
    data: dict[str, tuple[str, ...]] | None = None,
    **more: Any,
) -> Held:
    return Held(
        place,
        place.split(".", 1)[-1],
        data if data is not None else {"a": ("body",)},
        columns,
        more.pop("left_out", ()),
        iter(rows),
        **more,
    )


def policy(**more: Any) -> Policy:
    return Policy.model_validate(policy_document([retention("C-RET-01", "a", "x", "P1Y")], **more))


@dataclass
class Opened:
    """A zip as somebody has it who was given it."""

    packed: Packed
    raw: bytes
    zip: zipfile.ZipFile

    @property
    def page(self) -> str:
        return self.zip.read("index.html").decode()

    def json(self, name: str) -> Any:
        return json.loads(self.zip.read(name))

    def rows(self, name: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.zip.read(name).decode("utf-8-sig"), newline="")))


def pack(
    places: Iterable[Held],
    by: Policy | None = None,
    right: Literal["access", "portability"] = "access",
    language: str = "en",
    at: datetime = NOW,
) -> Opened:
    to = io.BytesIO()
    packed = PACKER.pack(to, places, by or policy(), language=language, right=right, at=at, reference="12")
    found = zipfile.ZipFile(io.BytesIO(to.getvalue()))
    assert found.testzip() is None
    return Opened(packed, to.getvalue(), found)


class Reader(HTMLParser):
    """What a browser makes of a page: its tags, its links, its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]
