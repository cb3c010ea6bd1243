"""Commands that pages name exist with their options; formats that the reference describes are those of the code."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest

import documents
from servanda.cli import command as servanda
from servanda.persons.remaining_rows import Rest, Why
from servanda.plan.plan import Asked, Plan, Step

pytestmark = pytest.mark.unit

SOURCE = documents.ROOT / "src" / "servanda"
REFERENCE = documents.ROOT / "docs" / "reference"
PAGES = [page for page in documents.pages() if "decisions" not in page.parts]


# -- commands ----------------------------------------------------------------------------------------


def _named(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every command that a page names, in a line of a block or in code type: the line, and its words."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE))
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = re.findall(r"^(?:\$ |\s*- run: )?(servanda [a-z-].*)$", blocks, flags=re.MULTILINE)
    lines += [" ".join(span.split()) for span in re.findall(r"`(servanda [^`]+)`", prose)]
    for line in lines:
        try:
            words = shlex.split(line.split(" > ")[0].split(" || ")[0], comments=True)
        except ValueError:  # an apostrophe in a sentence that begins with the name of the program
            continue
        yield line, words[1:]


def _resolved(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words name, and what follows it."""
    found: click.Command = servanda
    rest = words
    while isinstance(found, click.Group):
        while rest[:1] == ["-C"]:
            rest = rest[2:]
        inner = found.get_command(click.Context(found), rest[0]) if rest else None
        if inner is None:
            break
        found, rest = inner, rest[1:]
    return found, rest


@pytest.mark.parametrize("page", PAGES, ids=documents.name)
def test_commands_that_are_named_exist_with_their_options(page: Path) -> None:
    for line, words in _named(page):
        if words[0] in ("COMMAND", "[-C") or words[0].startswith("-"):
            continue
        found, rest = _resolved(words)
        where = f"{documents.name(page)}: {line}"
        assert found is not servanda, f"{where}: there is no such command"
        assert not isinstance(found, click.Group) or not rest or rest[0].startswith(("-", "[", "COMMAND")), (
            f"{where}: there is no such command"
        )
        known = {name for p in found.params for name in p.opts}
        given = {word.split("=")[0] for word in rest if word.startswith("--")}
        assert given <= known | {"--help"}, f"{where}: no option {given - known}"
        needed = {p.opts[0] for p in found.params if isinstance(p, click.Option) and p.required}
        assert not given or given >= needed, f"{where}: lacks {needed - given}"


# -- formats -----------------------------------------------------------------------------------------


def _kinds() -> set[str]:
    """The kinds of ledger entries that the code writes: texts such as “page.outcome” in rooms that have the ledger."""
    rooms = "account|apply|archive|clock|copy|directive|erasure|hold|key|ledger|letter|page|plan|request|restore|store"
    kind = re.compile(rf"(?:{rooms})\.[a-z_-]+|rights\.rehearsed|event|evidence")
    found = set()
    for path in SOURCE.rglob("*.py"):
        if path.relative_to(SOURCE).parts[0] in ("documents", "law", "policy", "rules"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and kind.fullmatch(node.value):
                found.add(node.value)
    return found


def test_every_kind_of_entry_is_described() -> None:
    section = documents.sections(REFERENCE / "ledger.md")["Kinds of entries"]
    cells = re.findall(r"^\| (`.*?) \|", section, flags=re.MULTILINE)
    shown = [kind for cell in cells for kind in re.findall(r"`([^`]+)`", cell)]
    assert len(shown) == len(set(shown))
    assert _kinds() - set(shown) == set()
    assert set(shown) - _kinds() <= {"request.received", "request.…"}, "these are made of a word and another"


def test_everything_that_happens_to_a_request_is_named() -> None:
    from servanda.rights.record.request import _MAY

    text = (
        documents.sections(REFERENCE / "ledger.md")["Kinds of entries"]
        .rpartition("What may follow")[2]
        .split("\n\n")[0]
    )
    assert set(re.findall(r"`([a-z]+)`", text)) == set(_MAY)


def _keys(section: str) -> set[str]:
    text = documents.sections(REFERENCE / "plan.md")[section]
    return {
        key
        for cell in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
        for key in re.findall(r"`(\w+)`", cell)
    }


def test_every_key_of_a_plan_is_described() -> None:
    from datetime import UTC, date, datetime

    from servanda.plan.plan import Pins

    pins = Pins("", "", {}, 0, "")
    plan = Plan(datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), "1", 0, pins, ())
    asked = Asked(1, (("a.b", 1),), (Rest("a.b", 1, "law"),))
    assert _keys("The file of a plan") == plan.content().keys() | {"digest"}
    assert _keys("Pins") == plan.content()["pins"].keys()
    assert _keys("Erasures that are not finished") == asked.summary().keys()
    skipped = {"due", "condition", "groups", "folds", "archiving"}
    assert _keys("Steps") == set(Step.__slots__) - skipped
    reasons = get_args(Why)
    text = documents.sections(REFERENCE / "plan.md")["Erasures that are not finished"]
    assert all(f"`{why}`" in text for why in reasons)
