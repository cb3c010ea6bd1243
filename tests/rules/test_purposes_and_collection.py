"""Purposes and collection: what each rule decides, case by case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from judging import GOOD, WORDS, Ask, looked, purpose

pytestmark = pytest.mark.unit


# -- purposes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purposes", "letter"),
    [
        (None, "F"),
        ({"p": purpose("contract")}, "P"),
        ({"p": purpose("contract", data=["account"])}, "W"),
        ({"p": purpose("contract"), "q": purpose("contract", generic=True)}, "W"),
    ],
)
def test_every_listed_category_serves_something(ask: Ask, purposes: Any, letter: str) -> None:
    assert ask("SV201", purposes=purposes) == letter


def test_what_is_not_listed_or_not_ours_needs_no_purpose(ask: Ask) -> None:
    categories = GOOD["categories"] | {
        "theirs": {"says": WORDS, "audience": "customers", "role": "processor"},
        "silent": {"says": WORDS, "audience": "customers", "listed": False},
    }
    assert ask("SV201", categories=categories) == "P"


def test_the_finding_stands_at_the_category(tmp_path: Path) -> None:
    found = looked(
        tmp_path, "SV201", purposes={"p": purpose("contract", data=["account", "login", "invoice"])}
    )
    line = (tmp_path / "policy.yaml").read_text().splitlines()[found.findings[0].at.line - 1]
    assert line.strip() == "visit:"


@pytest.mark.parametrize(
    ("purposes", "letter"),
    [
        (None, "F"),
        ({"p": purpose()}, "F"),
        ({"p": purpose("contract")}, "P"),
        ({"p": purpose("contract", "consent")}, "W"),
        ({"p": purpose("contract", "consent", operations=[{"says": WORDS, "basis": "contract"}])}, "W"),
        ({"p": purpose("contract", operations=[])}, "P"),
    ],
)
def test_every_purpose_has_one_basis(ask: Ask, purposes: Any, letter: str) -> None:
    assert ask("SV202", purposes=purposes) == letter


@pytest.mark.parametrize(
    ("purposes", "letter"),
    [
        ({"p": purpose("contract")}, "N"),
        ({"p": purpose("legitimate_interest")}, "F"),
        ({"p": purpose("legitimate_interest", interest=WORDS)}, "U"),
        ({"p": purpose("legitimate_interest", interest=WORDS, balanced_on="2026-01-05")}, "P"),
        ({"p": purpose("legitimate_interest", balanced_on="2026-01-05")}, "F"),
    ],
)
def test_an_interest_is_named_and_weighed(ask: Ask, purposes: Any, letter: str) -> None:
    assert ask("SV203", purposes=purposes) == letter


CITED = {"says": WORDS, "laws": ["C. com. L123-22"]}


@pytest.mark.parametrize(
    ("purposes", "obligations", "letter"),
    [
        ({"p": purpose("contract")}, [], "N"),
        ({"p": purpose("legal_obligation")}, [], "F"),
        ({"p": purpose("legal_obligation", laws=["LPF L102 B"])}, [], "P"),
        ({"p": purpose("legal_obligation")}, [CITED], "W"),
        ({"p": purpose("contract")}, [{"says": WORDS}], "F"),
        ({"p": purpose("contract")}, [CITED], "P"),
    ],
)
def test_a_legal_obligation_cites_its_law(ask: Ask, purposes: Any, obligations: Any, letter: str) -> None:
    assert ask("SV204", purposes=purposes, obligations=obligations) == letter


# -- collection --------------------------------------------------------------------------------------

FORM = {"sign-up": {"says": WORDS, "data": "account"}}


def asked(need: str, *fields: str, otherwise: bool = True) -> dict[str, Any]:
    said: dict[str, Any] = {"data": "account", "need": need, "fields": list(fields)}
    return said | ({"otherwise": WORDS} if otherwise else {})


@pytest.mark.parametrize(
    ("collection", "letter"),
    [
        (None, "F"),
        ({"forms": FORM}, "F"),
        ({"forms": FORM, "asked": [asked("contract")]}, "P"),
        ({"forms": FORM, "asked": [asked("contract", "email")]}, "W"),
        (
            {
                "forms": FORM,
                "asked": [asked("contract", "email"), asked("optional", "name", otherwise=False)],
            },
            "P",
        ),
        ({"forms": FORM, "asked": [asked("law", otherwise=False)]}, "W"),
        (
            {"forms": {"f": FORM["sign-up"] | {"fields": ["email"]}}, "asked": [asked("contract", "email")]},
            "P",
        ),
    ],
)
def test_every_field_of_a_form_is_required_or_optional(ask: Ask, collection: Any, letter: str) -> None:
    assert ask("SV205", collection=collection) == letter


@pytest.mark.parametrize(
    ("automation", "letter"),
    [
        (None, "F"),
        ({"processing": 26}, "W"),
        ({"profiling": [{"says": WORDS}]}, "W"),
        ({"decisions": {"taken": False}}, "P"),
        ({"decisions": {"taken": False}, "profiling": [{"says": WORDS}]}, "P"),
        ({"decisions": {"taken": True, "logic": WORDS}}, "W"),
        ({"decisions": {"taken": True, "logic": WORDS, "consequences": WORDS}}, "P"),
    ],
)
def test_automated_decisions_are_stated(ask: Ask, automation: Any, letter: str) -> None:
    assert ask("SV206", automation=automation) == letter


@pytest.mark.parametrize(
    ("source", "letter"),
    [
        ({}, "N"),
        ({"kind": "database"}, "W"),
        ({"kind": "database", "names": ["Sirene"]}, "W"),
        ({"kind": "database", "told_at": "first_contact"}, "W"),
        ({"kind": "database", "names": ["Sirene"], "told_at": "first_contact"}, "P"),
        ({"kind": "database", "names": ["Sirene"], "told_within": "P4W"}, "P"),
        ({"kind": "database", "names": ["Sirene"], "told_within": "P30D"}, "W"),
        ({"kind": "database", "names": ["Sirene"], "told_within": "P2M"}, "F"),
        ({"kind": "unsaid"}, "F"),
    ],
)
def test_data_of_others_have_a_source_and_a_notice(ask: Ask, source: Any, letter: str) -> None:
    sources = {"s": {"says": WORDS, **source}} if source else {}
    assert ask("SV207", collection={"sources": sources}) == letter


@pytest.mark.parametrize(
    ("claim", "personalised", "letter"),
    [
        ({"data": "visit"}, False, "P"),
        ({"data": "visit"}, True, "F"),
        ({"data": "visit", "joined_by": ["customer_id"]}, False, "F"),
        ({"data": "account"}, False, "F"),
    ],
)
def test_anonymous_data_single_nobody_out(ask: Ask, claim: Any, personalised: bool, letter: str) -> None:
    purposes = {"p": purpose("contract", data=["account"]), "q": purpose("consent", data=["visit"])}
    purposes["q"]["personalised"] = personalised
    assert ask("SV208", purposes=purposes, anonymous=[claim]) == letter


@pytest.mark.parametrize(
    ("limit", "letter"),
    [
        ({"data": "invoice", "purposes": "p"}, "P"),
        ({"data": "account", "purposes": "p"}, "F"),
        ({"data": "account", "purposes": ["p", "q"]}, "P"),
        ({"data": "all", "purposes": "p"}, "F"),
        ({"data": "all", "purposes": ["p", "q"]}, "P"),
    ],
)
def test_only_for_one_purpose_means_no_other(ask: Ask, limit: Any, letter: str) -> None:
    purposes = {"p": purpose("contract"), "q": purpose("consent", data=["account"])}
    assert ask("SV209", purposes=purposes, only_for=[limit]) == letter
