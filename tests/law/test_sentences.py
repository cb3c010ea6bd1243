"""The words of legal time: complete in both languages, and true to the steps."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter

import pytest

import servanda
from servanda.law.answer_deadline import Clock
from servanda.law.majority import majority
from servanda.law.sentences import in_words, render_step
from servanda.law.steps import step
from servanda.law.working_days import calendar_of
from servanda.locale import LANGUAGES, NoCatalogue, catalogue, day_in_words
from servanda.locale.po import read_po

pytestmark = pytest.mark.unit

SOURCE = Path(servanda.__file__).parent
DOMAINS = sorted(file.stem for file in (SOURCE / "locale" / "en").glob("*.po"))
MADE = ("law", "moved", "retention", "notice", "minor", "month", "weekday")
"""First words of keys that code puts together."""


def entries(language: str, domain: str) -> dict[str, str]:
    file = SOURCE / "locale" / language / f"{domain}.po"
    return read_po(file.read_text(encoding="utf-8"), str(file))


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("domain", DOMAINS)
def test_each_language_says_the_same_with_the_same_facts(domain: str) -> None:
    assert {p.name for p in (SOURCE / "locale").iterdir() if p.is_dir()} - {"__pycache__"} == set(LANGUAGES)
    english = entries("en", domain)
    for language in LANGUAGES:
        other = entries(language, domain)
        assert list(other) == list(english)
        for key, text in other.items():
            assert key == "" or holes(text) == holes(english[key]), key


def test_every_key_in_the_code_has_a_sentence_and_no_sentence_is_left_over() -> None:
    files = [*(SOURCE / "law").glob("*.py"), *(SOURCE / "cli").glob("clock*.py")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    used = set(re.findall(r'"([a-z]+\.(?!yaml|tab)[a-z][a-z-]*)"', code)) | {"instant", "calendar", "zone"}
    known = set(entries("en", "law")) - {""}
    assert used - known == set()
    assert {key for key in known - used if key.partition(".")[0] not in MADE} == set()


def test_a_step_is_said_in_the_reader_s_language() -> None:
    steps = Clock(date(2026, 4, 1)).answer(calendar_of("FR")).steps
    english, french = ([render_step(s, language) for s in steps] for language in LANGUAGES)
    assert english[-1].sentence.startswith("1 May 2026 is a public holiday (Labor Day)")
    assert french[-1].sentence.startswith("Le 1er mai 2026 est férié (Fête du Travail)")
    assert (english[-1].article, french[-1].article) == ("Reg. 1182/71 art. 3(4)", "règl. 1182/71, art. 3(4)")
    assert french[-1].at == "2026-05-04"


def test_a_law_of_elsewhere_is_cited_as_it_stands() -> None:
    law = majority("AT", date(2026, 1, 1)).source
    assert render_step(step(date(2026, 1, 1), "minor.alone", law, years=14), "fr").article == "DSG § 4(4)"


def test_days_and_instants_in_words() -> None:
    assert day_in_words(date(2026, 3, 1), "fr", weekday=True) == "dimanche 1er mars 2026"
    assert day_in_words(date(2026, 8, 2), "en") == "2 August 2026"
    assert in_words(datetime(2026, 8, 2, 9, 5, tzinfo=UTC), "en") == "Sunday 2 August 2026 at 09:05 (+00:00)"


def test_a_language_or_a_key_that_is_not_there() -> None:
    with pytest.raises(NoCatalogue, match="“de”"):
        catalogue("law", "de")
    with pytest.raises(LookupError, match=r"answer\.never"):
        catalogue("law", "en").say("answer.never")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('msgid "a"\nmsgid_plural "b"', ":2: not understood"),
        ('"lost"', ":1: not understood"),
        ('msgstr "first"', ":1: not understood"),
        ('msgid "a"\nmsgstr ""', "has no sentence"),
        ('msgid "a"\nmsgstr "b"\nmsgid "a"\nmsgstr "c"', "stands there twice"),
    ],
)
def test_a_catalogue_that_is_not_understood_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_po(text)


def test_strings_go_on_over_lines_with_their_escapes() -> None:
    assert read_po('# c\nmsgid "a"\nmsgstr "one \\"two\\" "\n"three\\n"\n') == {"a": 'one "two" three\n'}
