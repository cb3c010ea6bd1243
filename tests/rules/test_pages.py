"""The pages of the rules are those that the manuals make."""

from __future__ import annotations

from pathlib import Path

import pytest

from servanda.rules import known
from servanda.rules.engine.manual import manual
from servanda.rules.engine.pages import pages

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "rules"


def test_the_committed_pages_are_up_to_date() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert written == pages(), "run: python -m servanda.rules.engine.pages docs/reference/rules"


def test_every_manual_begins_with_one_sentence() -> None:
    for rule in known():
        finds = manual(rule).finds
        assert finds.endswith("."), rule.code
        assert len(finds) < 110, rule.code
