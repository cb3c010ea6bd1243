"""The architecture page names every room, in the order of the import contract, and every table of our own.

Counts that README and docs give are those of the registries.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import documents
from servanda.actions import known as actions
from servanda.database.tables import metadata
from servanda.law.rights import names
from servanda.rules import all_rules as rules

pytestmark = pytest.mark.unit

SOURCE = documents.ROOT / "src" / "servanda"
PAGE = documents.ROOT / "docs" / "architecture.md"
SECTIONS = documents.sections(PAGE)


def _first_cells(section: str) -> list[list[str]]:
    """The words in code type in the first cell of each row of a section's tables."""
    cells = re.findall(r"^\| (.*?) \|", SECTIONS[section], flags=re.MULTILINE)
    return [found for cell in cells if (found := re.findall(r"`([\w-]+)`", cell))]


def _rooms() -> set[str]:
    return {
        path.stem
        for path in SOURCE.iterdir()
        if (path.suffix == ".py" and not path.stem.startswith("__")) or (path / "__init__.py").exists()
    }


def test_every_room_stands_in_the_table_in_the_order_of_the_contract() -> None:
    project = tomllib.loads((documents.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]
    rooms = _rooms()
    layers = [{room.strip(" ()") for room in layer.split("|")} & rooms for layer in contract["layers"]]
    assert [set(row) for row in _first_cells("The rooms")] == [layer for layer in layers if layer]
    assert rooms == set().union(*layers)


def test_every_table_of_our_own_is_explained() -> None:
    shown = [table for row in _first_cells("Servanda's own tables") for table in row]
    assert sorted(shown) == sorted(name.removeprefix("servanda_") for name in metadata.tables)


def test_the_row_of_actions_names_all_of_them() -> None:
    row = re.search(r"^\| `actions` \| .*?: (.*?) \|$", SECTIONS["The rooms"], flags=re.MULTILINE)
    assert row is not None
    assert set(row[1].split(", ")) == {action.name for action in actions()}


def test_files_that_are_named_exist() -> None:
    named = set(re.findall(r"`([\w/*]+(?:\.py|\.po|/))`", PAGE.read_text(encoding="utf-8")))
    assert not {name for name in named if not any(SOURCE.glob(f"**/{name}"))}


# -- counts ------------------------------------------------------------------------------------------


def _counted() -> dict[str, int]:
    """What a page may count, by the words after the number."""
    on_stores = sum(rule.room == "stores" for rule in rules())
    return {
        "rules": len(rules()),
        "on what a policy must say": len(rules()) - on_stores,
        "on the databases": on_stores,
        "rights": len(names(listed=True)),
        "actions": len(actions()),
        "tables of our own": len(metadata.tables),
    }


_PAST = {"CHANGELOG.md"} | {f"docs/decisions/{path.name}" for path in (PAGE.parent / "decisions").iterdir()}
"""Pages that tell what was."""


def _counts(page: Path) -> Iterator[tuple[str, int]]:
    text = re.sub(r"`{3,}.*?`{3,}", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for words in _counted():
        for number in re.findall(rf"(?<![\w.])(\d+) {words}\b", " ".join(text.split())):
            yield words, int(number)


def test_counts_come_from_the_registries() -> None:
    pages = [page for page in documents.pages() if documents.name(page) not in _PAST]
    said = {(documents.name(page), *count) for page in pages for count in _counts(page)}
    assert {one for one in said if _counted()[one[1]] != one[2]} == set()
    assert ("README.md", "rules", len(rules())) in said, "the README counts the rules"
