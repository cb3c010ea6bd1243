"""The pages of the rules, which are written from the manuals and stand in no repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from servanda.rules import all_rules
from servanda.rules.engine.manual import manual
from servanda.rules.engine.pages import by_room, main, pages

pytestmark = pytest.mark.unit


def test_every_rule_has_a_page_with_all_parts_of_its_manual() -> None:
    written = pages()
    for rule in all_rules():
        page, said = written[f"{rule.code}.md"], manual(rule)
        assert page.startswith(f"# {rule.code} {rule.slug}\n")
        for part in (said.finds, said.why, said.instead, f"Severity: {rule.severity}", rule.law):
            assert part in page, rule.code
        for text in (*said.bad.parts.values(), *said.good.parts.values()):
            assert text.rstrip() in page, rule.code


def test_the_index_leads_to_each_page_once_and_to_no_other() -> None:
    written = pages()
    targets = re.findall(r"\]\((\S+?)\)", written.pop("index.md"))
    assert sorted(targets) == sorted(written)


def test_a_room_is_the_folder_of_its_rules() -> None:
    folder = Path(__file__).parents[2] / "src" / "servanda" / "rules"
    for room, rules in by_room().items():
        for rule in rules:
            assert (folder / room / f"{rule.slug.replace('-', '_')}.py").is_file()


def test_pages_of_rules_that_are_gone_go(tmp_path: Path) -> None:
    (tmp_path / "SV000.md").write_text("A rule of last year.", encoding="utf-8")
    main(tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == pages()


def test_every_manual_begins_with_one_sentence() -> None:
    for rule in all_rules():
        finds = manual(rule).finds
        assert finds.endswith("."), rule.code
        assert len(finds) < 110, rule.code
