"""What the text says on periods, who receives data and what it claims: read, pointed, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from servanda.errors import PolicyError, Problem
from servanda.law.period import Period, PeriodRange
from servanda.policy import yamlfile
from servanda.policy.categories import identifiers, sensitive
from servanda.policy.compare import Change, compare
from servanda.policy.policy import Policy, load_policy
from servanda.policy.register import register

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

DOCUMENT = """\
servanda: 1
title: {en: Privacy policy}
controller: {name: Example, email: privacy@example.com}
jurisdictions: [FR]
languages: [en]
version: {number: "1", effective_from: 2024-01-01}
timezone: Europe/Paris
audiences:
  clients: {says: {en: Clients}}
categories:
  account: {says: {en: Accounts}, audience: clients, fields: [name]}
  logs: {says: {en: Logs}, audience: clients, fields: [ip]}
  invoice: {says: {en: Invoices}, audience: clients, fields: [amount]}
purposes:
  service: {says: {en: The service}, basis: [contract], data: [account]}
  audit: {says: {en: An audit}, basis: [contract]}
recipients:
  host: {says: {en: A host}, kind: processor, names: [Host], country: US, data: [account]}
claims:
  - {says: {en: Never sold}, about: sale, promise: EX-RET-01, line: 3}
promises:
  - id: EX-RET-01
    kind: retention
    keep: enforce
    line: 7
    says: {en: Accounts stay for some three to five years.}
    published: {period: P3Y..P5Y}
    stated:
      - {data: account, period: P3Y..P5Y, since: [account_closure], hedge: [about], line: 7}
    enforced:
      - data: account
        trigger: account_closure
        active: P3Y
        ground: {choice: late claims}
        owner: dpo
        because: {en: The text gives a range.}
  - id: EX-RET-02
    kind: retention
    keep: enforce
    line: 9
    says: {en: Logs go after a year.}
    published: {period: P12M}
    enforced:
      - {data: logs, trigger: collection, archive: P12M, ground: {choice: security}}
  - id: EX-RET-03
    kind: retention
    keep: enforce
    line: 11
    says: {en: Invoices stay for a time.}
    published: {period: undefined}
    enforced:
      - data: invoice
        trigger: issued
        active: P10Y
        ground: {law: FR/c-com/L123-22}
        owner: accounting
        because: {en: The law asks for ten years.}
"""


def load(folder: Path, text: str) -> Policy:
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    return load_policy(folder / "policy.yaml")


def problem(folder: Path, old: str, new: str) -> Problem:
    assert old in DOCUMENT
    with pytest.raises(PolicyError) as caught:
        load(folder, DOCUMENT.replace(old, new, 1))
    (found,) = caught.value.problems
    return found


def changes(folder: Path, old: str, new: str) -> list[Change]:
    assert old in DOCUMENT
    return compare(load(folder, DOCUMENT), load(folder, DOCUMENT.replace(old, new, 1)))


def test_a_statement_is_kept_as_vague_as_it_is(tmp_path: Path) -> None:
    told = load(tmp_path, DOCUMENT).statements()[0]
    assert told.stated.period == PeriodRange(Period(years=3), Period(years=5))
    assert (told.stated.low, told.stated.high) == (Period(years=3), Period(years=5))
    assert told.stated.beyond_use
    assert told.path == ("promises", 0, "stated", 0)


def test_a_promise_without_statements_says_what_is_enforced(tmp_path: Path) -> None:
    logs = load(tmp_path, DOCUMENT).statements()[1].stated
    assert (logs.period, logs.since, logs.end, logs.stays) == (
        Period(years=1),
        ["collection"],
        ["delete"],
        "archive",
    )


def test_but_not_where_that_departs_from_the_text(tmp_path: Path) -> None:
    invoice = load(tmp_path, DOCUMENT).statements()[2].stated
    assert (invoice.period, invoice.lasts, invoice.tells) == (None, ["unsaid"], False)
    text = DOCUMENT.replace("published: {period: undefined}", "published: {period: P6Y}")
    assert load(tmp_path, text).statements()[2].stated.period == Period(years=6)


def test_as_long_as_necessary_tells_nothing_and_an_account_that_is_open_does(tmp_path: Path) -> None:
    old = "period: P3Y..P5Y, since: [account_closure], hedge: [about]"
    for lasts, tells in (("need", False), ("account", True), ("law", True), ("unsaid", False)):
        stated = load(tmp_path, DOCUMENT.replace(old, f"lasts: [{lasts}]")).statements()[0].stated
        assert stated.tells is tells


def test_a_statement_that_says_nothing_is_refused(tmp_path: Path) -> None:
    found = problem(tmp_path, "period: P3Y..P5Y, since: [account_closure], hedge: [about]", "most: true")
    assert found.message == "this says nothing"
    assert found.at.line == 29


@pytest.mark.parametrize(
    ("old", "new", "message", "line", "column"),
    [
        (
            "data: account, period",
            "data: acount, period",
            "“acount” is not a category of this policy",
            29,
            16,
        ),
        ("promise: EX-RET-01", "promise: EX-RET-11", "“EX-RET-11” is not a promise of this policy", 20, 52),
        (
            "fields: [name]}",
            "fields: [name], held_by: hots}",
            "“hots” is not a recipient of this policy",
            11,
            79,
        ),
        (
            "names: [Host], country: US, data: [account]",
            "data: [acount]",
            "“acount” is not a category of this policy",
            18,
            54,
        ),
    ],
)
def test_a_name_that_points_at_nothing_is_found_where_it_stands(
    tmp_path: Path, old: str, new: str, message: str, line: int, column: int
) -> None:
    found = problem(tmp_path, old, new)
    assert (found.message, found.at.line, found.at.column) == (message, line, column)
    assert "did you mean" in found.advice


def test_all_data_is_a_name_of_its_own(tmp_path: Path) -> None:
    stated = (
        load(tmp_path, DOCUMENT.replace("data: account, period", "data: all, period")).statements()[0].stated
    )
    assert stated.covers("logs")


def test_a_longer_period_in_the_text_binds(tmp_path: Path) -> None:
    exact = DOCUMENT.replace("data: account, period: P3Y..P5Y", "data: account, period: P3Y")
    (found,) = compare(load(tmp_path, exact), load(tmp_path, exact.replace("period: P3Y,", "period: P5Y,")))
    assert found.where == "promise ex-ret-01 › stated › account › period"
    assert (found.before, found.after, found.binds) == ("P3Y", "P5Y", True)
    assert "stay longer" in found.why
    assert (
        compare(load(tmp_path, exact), load(tmp_path, exact.replace("period: P3Y,", "period: P36M,"))) == []
    )


def test_a_hedge_that_is_taken_out_binds_and_a_line_does_not(tmp_path: Path) -> None:
    (hedge,) = changes(tmp_path, ", hedge: [about], line: 7}", ", line: 7}")
    assert (hedge.what, hedge.where, hedge.binds) == (
        "removed",
        "promise ex-ret-01 › stated › account › hedge › about",
        True,
    )
    (line,) = changes(tmp_path, "[about], line: 7}", "[about], line: 8}")
    assert not line.binds


def test_a_record_of_the_company_binds_nobody_and_a_claim_does(tmp_path: Path) -> None:
    (agreement,) = changes(
        tmp_path, "names: [Host]", "names: [Host], agreement: {date: 2024-01-01, scope: [all]}"
    )
    assert (agreement.where, agreement.binds) == ("recipient host › agreement", False)
    (claim,) = changes(tmp_path, "about: sale", "about: sharing")
    assert (claim.where, claim.binds) == ("claims › 1 › about", True)
    (breaches,) = changes(tmp_path, "claims:", "breaches: {contact: dpo@example.com}\nclaims:")
    assert not breaches.binds


def test_fields_are_known_by_their_whole_names() -> None:
    assert identifiers(["source_ip", "Adresse-IP"]) == {"ip": "Adresse-IP"}
    assert identifiers(["ip_country", "emails_sent", "amount"]) == {}
    assert sensitive(["numéro carte", "cryptogramme", "iban_hint"]) == {
        "card": "numéro carte",
        "card-code": "cryptogramme",
    }


def test_the_register_has_a_row_a_purpose_and_says_what_is_missing(tmp_path: Path) -> None:
    policy = load(tmp_path, DOCUMENT)
    made = register(policy, lambda country: country == "FR")
    service, audit = made.activities
    assert made.controller
    assert (service.persons, service.data, service.recipients) == (("clients",), ("account",), ("host",))
    assert service.empty == ["(e) the transfer to host"]
    assert audit.empty == ["(c) persons and data"]
    stated = "transfers: [{case: made, countries: [US], recipients: [host], tool: dpf}]\nclaims:"
    mended = load(tmp_path, DOCUMENT.replace("claims:", stated))
    assert register(mended, lambda country: country == "FR").activities[0].empty == []


@pytest.mark.parametrize("name", ["exograd", "ksaar", "sociatex", "xmserver", "xsior"])
def test_every_line_of_an_example_lies_in_its_text(name: str) -> None:
    ends = {"exograd": 86, "ksaar": 156, "sociatex": 81, "xmserver": 200, "xsior": 101}
    document = yamlfile.read(EXAMPLES / name / "policy.yaml").data
    assert max(lines(document)) <= ends[name]


def lines(part: Any) -> list[int]:
    if isinstance(part, dict):
        here = [part["line"]] if isinstance(part.get("line"), int) else []
        return here + [n for value in part.values() for n in lines(value)]
    return [n for value in part for n in lines(value)] if isinstance(part, list) else []
