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


def _in(policy: Policy, country: str, **more: Any) -> Policy:
    """The policy of a company in another country."""
    controller = policy.controller.model_copy(update={"country": country})
    return policy.model_copy(update={"controller": controller, "authority": None, "rights": None, **more})


EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO"
COUNTRIES = re.findall(r"\w+", f"{EEA} GB CH")


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("kind", ["refused", "extended", "unproved", "no-such-person"])
def test_whoever_gets_less_than_they_asked_learns_where_to_complain(
    exograd: Policy, country: str, kind: str
) -> None:
    for language, words in (
        ("en", ("complain", "supervisory authority")),
        ("fr", ("réclamation", "autorité de contrôle")),
    ):
        letter = Letter(kind, language, "a@example.org", COMMON | VALUES[kind], 41)
        text = " ".join(as_text.render(compose(letter, _in(exograd, country), BASE, AT.date())).split())
        assert all(word in text for word in words)
        assert "art. 77" in text
        if country == "DE":
            assert "Bundesbeauftragte" not in text, (
                "companies answer to the authority of their Land (BDSG 40)"
            )
            assert "datenschutzkonferenz" in text


def test_an_authority_that_the_policy_names_is_named(exograd: Policy) -> None:
    letter = Letter("refused", "en", "a@example.org", COMMON | VALUES["refused"], 41)
    for name in ("IMY", "BfDI", "CNIL"):
        text = as_text.render(compose(letter, _in(exograd, "SE", authority=name), BASE, AT.date()))
        assert {"IMY": "IMY", "BfDI": "Bonn", "CNIL": "75334"}[name] in text


def test_the_link_of_proof_says_where_the_answer_goes(exograd: Policy) -> None:
    values = COMMON | VALUES["identity-link"]
    for language in LANGUAGES:
        plain, elsewhere = (
            as_text.render(
                compose(Letter("identity-link", language, "a@example.org", v, 41), exograd, BASE, AT.date())
            )
            for v in (values, values | {"contact": "evil@elsewhere.example"})
        )
        assert "elsewhere" not in plain
        assert "evil@elsewhere.example" in elsewhere
        assert elsewhere.index("evil@") < elsewhere.index("/confirm/"), "before the link"


def test_a_copy_promises_no_more_than_the_policy_states(exograd: Policy) -> None:
    letter = Letter("answered-access", "en", "a@example.org", COMMON | VALUES["answered-access"], 41)
    silent = exograd.model_copy(update={"purposes": {}, "recipients": {}, "collection": None})
    text = " ".join(as_text.render(compose(letter, silent, BASE, AT.date())).split())
    assert "as far as our policy states it" in text
    assert "ask us" in text
