"""Decisions have a number, a title, a date and a status, and stand in their index once."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

import documents

pytestmark = pytest.mark.unit

FOLDER = documents.ROOT / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
HEAD = re.compile(
    r"# (?P<number>[1-9]\d*)\. (?P<title>\S.*)\n\n"
    r"- Date: (?P<date>\d{4}-\d\d-\d\d)\n"
    r"- Status: (?P<status>accepted|superseded by \[decision \d+\]\(\d{4}-[\w-]+\.md\))(?:; .+)?\n\n"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_has_a_head_and_says_what_is_lost(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    head = HEAD.match(text)
    assert head is not None, "a title with its number, then the lines Date and Status"
    assert page.name.startswith(f"{int(head['number']):04}-")
    date.fromisoformat(head["date"])
    assert "## What is lost" in text


def test_no_number_is_given_twice() -> None:
    assert len({page.name[:4] for page in PAGES}) == len(PAGES)


def test_each_decision_is_in_the_index_once_under_a_heading_by_its_title() -> None:
    head, *groups = (FOLDER / "README.md").read_text(encoding="utf-8").split("\n## ")
    assert "](0" not in head
    listed = [
        found for group in groups for found in re.findall(r"^- \[(.+)\]\((\S+)\)$", group, re.MULTILINE)
    ]
    titles = {
        (page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# "), page.name) for page in PAGES
    }
    assert Counter(listed) == Counter(titles)
