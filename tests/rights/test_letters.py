"""Letters: every kind in both languages and three forms, with nothing of a person's words as markup."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from servanda.documents import as_html, as_pdf, as_text
from servanda.documents.letter_text import compose
from servanda.documents.paper import Paper
from servanda.locale import LANGUAGES
from servanda.locale.po import read_po
from servanda.policy.policy import Policy
from servanda.post.outbox import Letter

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BASE = "https://vos-donnees.example.org"
KEPT = [
    {"data": "Factures", "why": "code de commerce, art. L123-22", "until": "2036-12-31"},
    {"data": "Litige", "why": "défense en justice", "until": None},
]
COMMON = {"right": "erasure", "received": "2026-11-02", "number": 41, "due": "2026-12-02"}
VALUES: dict[str, dict[str, Any]] = {
    "receipt-acknowledged": {},
    "identity-link": {"token": "t" * 43},
    "identity-asked": {"doubt": "deux noms", "wanted": "un numéro de client"},
    "extended": {"reasons": "huit cents messages à relire"},
    "refused": {"ground": "manifestly_excessive", "reasons": "une demande par jour depuis un mois"},
    "unproved": {},
    "forwarded-to-controller": {"controller": "Client SAS"},
    "no-such-person": {},
    "already-erased": {"erased": "2026-05-01"},
    "several-match": {},
    "answered-access": {"token": "t" * 43},
    "answered-portability": {"token": "t" * 43},
    "answered-rectification": {"done": "2026-11-20"},
    "answered-erasure": {
        "done": "2026-11-20",
        "lines": [
            {"data": "Compte", "rows": 1, "action": "anonymise"},
            {"data": "Visites", "rows": 1200, "action": "delete"},
        ],
        "kept": KEPT,
        "held": True,
        "backups": "2027-02-18",
    },
    "answered-restriction": {"done": "2026-11-20"},
    "answered-objection": {"done": "2026-11-20"},
    "answered-withdrawal": {"done": "2026-11-20"},
    "answered-directives": {"done": "2026-11-20"},
    "recipients-told": {},
    "restriction-lifting": {"ends": "2026-12-20", "reasons": "l’exactitude des données a été vérifiée"},
    "inactivity": {"ends": "2026-12-20"},
    "deadline-alarm": {"left": 5, "state": "proved"},
    "plan-over-limit": {"plan": "20261123-030004"},
}


@pytest.fixture(scope="module", params=list(VALUES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=LANGUAGES)
def paper(request: pytest.FixtureRequest, kind: str, exograd: Policy) -> Paper:
    return compose(letter(kind, request.param), exograd, BASE, date(2026, 11, 23))


def letter(kind: str, language: str, **more: Any) -> Letter:
    return Letter(kind, language, "lea@example.org", COMMON | VALUES[kind] | more, 41)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_every_form_says_the_same(paper: Paper) -> None:
    text, html, pdf = as_text.render(paper), as_html.render(paper), as_pdf.render(paper, AT)
    assert pdf.startswith(b"%PDF")
    assert plain(paper.subject.upper()) in plain(text)
    assert f"<title>{paper.subject}</title>" in html
    for block in paper.blocks:
        words = getattr(block, "text", "")
        assert plain(words) in plain(text.replace("  | ", "")), words
    assert "{" not in text, "a value was not filled in"
    assert "None" not in text
    assert not [line for line in text.splitlines() if len(line) > 72 and "://" not in line]


def test_the_same_letter_has_the_same_bytes(paper: Paper) -> None:
    assert as_pdf.render(paper, AT) == as_pdf.render(paper, AT)


def test_both_catalogues_have_the_same_sentences() -> None:
    folder = ROOT / "src" / "servanda" / "locale"
    read = {lang: read_po((folder / lang / "letters.po").read_text("utf-8")) for lang in LANGUAGES}
    one, other = read["fr"], read["en"]
    assert set(one) == set(other)
    for key in one:
        assert set(re.findall(r"{\w+}", one[key])) == set(re.findall(r"{\w+}", other[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_wrote_stays_text(exograd: Policy, language: str) -> None:
    evil = '<script>alert("x")</script>{0} {{7*7}} %s <img src=x onerror=y>'
    found = compose(letter("refused", language, reasons=evil), exograd, BASE, date(2026, 11, 23))
    html = as_html.render(found)
    assert "<script>" not in html
    assert "<img" not in html
    assert "{{7*7}}" in html
    assert as_pdf.render(found, AT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_names_the_ways_to_complain(exograd: Policy, language: str) -> None:
    found = compose(letter("refused", language), exograd, BASE, date(2026, 11, 23))
    text = plain(as_text.render(found))
    assert "Commission nationale" in text
    assert "75334 Paris" in text
    assert "79" in text, "the article on courts"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_kept_is_said_with_its_reason_and_its_end(exograd: Policy, language: str) -> None:
    found = compose(letter("answered-erasure", language), exograd, BASE, date(2026, 11, 23))
    text = plain(as_text.render(found))
    assert "Factures" in text
    assert "L123-22" in text
    assert ("31 décembre 2036" if language == "fr" else "31 December 2036") in text


def test_signs_that_a_font_may_lack_are_printed(exograd: Policy) -> None:
    reasons = "Œuvre, cœur, 12 345 € – « déjà » … l’été, Łukasz, Şirin, Ångström"
    found = compose(letter("refused", "fr", reasons=reasons), exograd, BASE, date(2026, 11, 23))
    assert as_pdf.render(found, AT)
