"""Rules under the law of other countries, and periods, transfers and bases as the law reads: case by case."""

from __future__ import annotations

from typing import Any

import pytest

from judging import GOOD, WORDS, Ask, consent, purpose

pytestmark = pytest.mark.unit

CATEGORIES = {
    "account": {"says": WORDS, "audience": "customers", "fields": ["name", "email"]},
    "support": {"says": WORDS, "audience": "customers", "fields": ["email", "message"]},
}


def stated(number: int, data: str, period: str, since: str) -> dict[str, Any]:
    return {
        "id": f"T-RET-0{number}", "kind": "retention", "keep": "enforce", "line": number, "says": WORDS,
        "published": {"period": period},
        "stated": [{"data": data, "period": period, "since": [since], "end": ["delete"]}],
        "enforced": [{"data": data, "trigger": "t", "active": period, "ground": {"choice": "x"}}],
    }  # fmt: skip


@pytest.mark.parametrize("other", ["P1Y", "P3Y"])
@pytest.mark.parametrize(
    ("purposes", "letter"),
    [
        ({"a": purpose("contract", data=["account"]), "b": purpose("contract", data=["support"])}, "P"),
        ({"a": purpose("contract", data=["account", "support"])}, "F"),
        ({"a": purpose("contract", data=["account"])}, "F"),
    ],
)
def test_periods_are_stated_by_purpose(ask: Ask, other: str, purposes: Any, letter: str) -> None:
    promises = [stated(1, "account", "P3Y", "account_closure"), stated(2, "support", other, "case_closed")]
    kept = {"categories": CATEGORIES, "purposes": purposes, "promises": promises, "recipients": None}
    assert ask("SV112", **{**_alone(), **kept}) == letter


def _alone() -> dict[str, Any]:
    """Without the sections of the good policy that speak of its own categories."""
    base = {
        "servanda",
        "title",
        "controller",
        "jurisdictions",
        "languages",
        "version",
        "timezone",
        "audiences",
    }
    return {name: None for name in GOOD if name not in base}


def recipient(country: str) -> dict[str, Any]:
    return {"says": WORDS, "kind": "processor", "names": ["X"], "data": ["account"], "country": country}


def transfer(*countries: str, **more: Any) -> dict[str, Any]:
    return {"case": "made", "countries": list(countries), "line": 1, **more}


@pytest.mark.parametrize(
    ("code", "countries", "transfers", "letter"),
    [
        ("SV513", {"a": "US", "b": "US"}, [transfer("US", recipients=["a"], tool="scc-2021")], "W"),
        ("SV513", {"a": "US", "b": "IN"}, [transfer("US", recipients=["a"], tool="scc-2021")], "F"),
        ("SV513", {"a": "US", "b": "US"}, [transfer("US", tool="scc-2021")], "P"),
        ("SV514", {"a": "US"}, [transfer("US")], "W"),
        ("SV514", {"a": "US"}, [transfer(recipients=["a"])], "W"),
        ("SV514", {"a": "IN"}, [transfer("IN", tool="dpf", certified_until="2027-12-31")], "F"),
        ("SV514", {"a": "IN"}, [transfer(recipients=["a"], tool="dpf", certified_until="2027-12-31")], "F"),
        ("SV514", {"a": "US"}, [transfer("US", tool="dpf", certified_until="2027-12-31")], "P"),
    ],
)
def test_each_transfer_has_its_recipient_and_a_tool_for_its_country(
    ask: Ask, code: str, countries: dict[str, str], transfers: Any, letter: str
) -> None:
    recipients = {name: recipient(country) for name, country in countries.items()}
    assert ask(code, recipients=recipients, transfers=transfers) == letter


@pytest.mark.parametrize(
    ("jurisdictions", "home", "letter"),
    [(["GB"], "GB", "P"), (["EU", "FR"], "FR", "F"), (["GB", "EU"], "GB", "F")],
)
def test_data_that_stay_under_the_law_of_the_company_are_not_transferred(
    ask: Ask, jurisdictions: list[str], home: str, letter: str
) -> None:
    controller = GOOD["controller"] | {"country": home}
    more = {"controller": controller, "jurisdictions": jurisdictions, "recipients": {"h": recipient("GB")}}
    assert ask("SV513", transfers=None, **more) == letter


def test_what_the_tables_of_law_lack_is_said(ask: Ask) -> None:
    ledger = {"says": WORDS, "audience": "customers", "fields": ["amount"], "tags": ["accounting"]}
    more = {
        "categories": {"ledger": ledger},
        "promises": [stated(1, "ledger", "P1Y", "document_issued")],
    }
    assert ask("SV113", **{**_alone(), **more}, jurisdictions=["SE", "EU"]) == "U"
    assert ask("SV113", **{**_alone(), **more}, jurisdictions=["FR", "EU"]) == "F"


@pytest.mark.parametrize(
    ("country", "age", "letter"), [("MT", 10, "F"), ("MT", 13, "U"), ("FR", 15, "P"), ("US", 10, "U")]
)
def test_no_child_under_thirteen_consents_alone(ask: Ask, country: str, age: int, letter: str) -> None:
    minors = {
        "alone": {"age": age, "bound": "from"},
        "with_parent": {"age": age, "bound": "under"},
        "mechanism": WORDS,
    }
    found = ask("SV241", consents=_box(), minors=minors, jurisdictions=[country, "EU"])
    assert found == letter


def _box() -> dict[str, Any]:
    made = consent("box", audience=["customers"], withdrawal=[{"channels": ["account"]}])
    made["c"] |= {"purposes": []}
    return made


def test_a_basis_for_each_operation_is_a_basis(ask: Ask) -> None:
    parts = [{"says": WORDS, "basis": "contract"}, {"says": WORDS, "basis": "legal_obligation"}]
    assert ask("SV202", purposes={"p": purpose(operations=parts)}) == "P"
    assert ask("SV202", purposes={"p": purpose()}) == "F"
