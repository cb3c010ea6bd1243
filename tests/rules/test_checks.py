"""What promises with `keep: check` are compared with: each kind of check agrees once, and is broken once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from projects import NOW, TestProject, policy, project, retention
from servanda.errors import PolicyError, ServandaError
from servanda.policy.promise_status import PromiseStatus
from servanda.project import Project
from servanda.promises import statuses

ACCOUNTS = """CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(254), closed_at TIMESTAMP)"""
PLACES = {
    "accounts": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"account_closure": {"column": "closed_at", "open": None}},
    }
}
SECTIONS: dict[str, Any] = {
    "purposes": {
        "service": {"says": {"en": "Provide the service"}, "basis": ["contract"], "data": ["account"]},
        "safety": {
            "says": {"en": "Keep the service safe"},
            "basis": ["legitimate_interest"],
            "interest": {"en": "that nobody breaks in"},
            "balanced_on": "2026-01-05",
            "data": ["account"],
        },
    },
    "recipients": {
        "host": {
            "says": {"en": "Hosting"},
            "kind": "processor",
            "names": ["Host SAS"],
            "country": "FR",
            "data": ["account"],
            "agreement": {"date": "2025-03-01", "scope": ["hosting"], "expires": "2029-02-28"},
        },
        "stats": {
            "says": {"en": "Statistics"},
            "kind": "processor",
            "names": ["Stats Inc."],
            "country": "US",
            "data": ["account"],
            "agreement": {"date": "2025-03-01", "scope": ["statistics"]},
        },
    },
    "transfers": [
        {
            "case": "made",
            "countries": ["US"],
            "recipients": ["stats"],
            "tool": "dpf",
            "certified_until": "2027-03-01",
        }
    ],
    "collection": {"forms": {"sign-up": {"says": {"en": "Sign-up"}, "data": "account"}}},
    "rights": {
        "complaint": {"to": "CNIL"},
        "authority": {
            "name": "CNIL",
            "named_for": ["complaints"],
            "postal": "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07",
        },
    },
    "claims": [
        {
            "says": {"en": "Only those listed receive data"},
            "about": "sharing",
            "unless": ["listed"],
            "promise": "T-OTH-01",
        }
    ],
}


@dataclass
class Company:
    """A small company with one table, and one promise that is compared with `checked`."""

    folder: Path
    url: str

    def standing(self, checked: list[dict[str, Any]], **changed: Any) -> PromiseStatus:
        promise = {
            "id": "T-OTH-01",
            "name": "the-promise",
            "kind": "other",
            "keep": "check",
            "line": 2,
            "says": {"en": "What is compared."},
            "checked": checked,
        }
        ends = retention("T-RET-01", "account", "account_closure", "P3Y")
        sections = {name: changed.get(name, value) for name, value in SECTIONS.items()}
        document = policy([ends], **sections) | {"promises": [ends, promise]}
        document |= {name: value for name, value in changed.items() if name not in (*SECTIONS, "places")}
        made = project(self.folder, self.url, document, changed.get("places", PLACES))
        return self.stands(made)

    def stands(self, made: TestProject) -> PromiseStatus:
        with made.opened(NOW, tolerant=True) as opened:
            listed = statuses(opened)
        return next(s for s in listed if s.promise.id == "T-OTH-01")


@pytest.fixture
def company(tmp_path: Path, fresh_url: Callable[[str], str]) -> Company:
    url = fresh_url("sqlite")
    made = Company(tmp_path, url)
    project(tmp_path, url, policy([retention("T-RET-01", "account", "x", "P3Y")]), {}).run(ACCOUNTS)
    return made


def section(name: str, **changed: Any) -> dict[str, Any]:
    """A section as it is, but for some of its entries; None takes a key away."""
    found = yaml.safe_load(yaml.safe_dump(SECTIONS[name]))
    for path, value in changed.items():
        *above, last = path.split("__")
        place = found
        for step in above:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return {name: found}


RECIPIENTS = [{"recipient": ["host", "stats"]}]
FRENCH = [{"recipient": "host", "within": "FR"}]
PURPOSES = [{"purpose": ["service", "safety"]}]
AUTHORITY = [{"authority": "CNIL"}]
SHARED = [{"rule": "never-shared-contradicted", "at": "here"}]


@pytest.mark.parametrize(
    ("checked", "says"),
    [
        (RECIPIENTS, "host is in FR, under an agreement of 2025-03-01 until 2029-02-28"),
        (FRENCH, "host is in FR"),
        (PURPOSES, "service rests on contract, and uses 1 category in 1 place"),
        ([{"purpose": "service", "basis": ["contract"]}], "rests on contract"),
        (AUTHORITY, "CNIL is the authority of FR today"),
        (SHARED, "SV516 never-shared-contradicted finds nothing"),
        ([{"rule": ["SV516", "SV517"]}], "SV517 processor-without-agreement finds nothing"),
        ([{"audiences": "customer"}], "the one category of the stores: about customer and nobody else"),
        ([{"sources": ["person"]}], "data come from 1 form and 0 other sources"),
        ([{"version": "2026-01-01"}], "edition 1 holds from 2026-01-01"),
    ],
    ids=str,
)
def test_reality_agrees(company: Company, checked: list[dict[str, Any]], says: str) -> None:
    found = company.standing(checked)
    assert (found.state, found.last) == ("checked", NOW)
    assert says in found.why
    assert found.evidence["compared"]


ELSEWHERE = {"customer": {"says": {"en": "Customers"}}, "visitor": {"says": {"en": "Visitors"}}}


@pytest.mark.parametrize(
    ("checked", "changed", "says"),
    [
        (RECIPIENTS, section("recipients", host__agreement__expires="2026-11-21"), "ended on 2026-11-21"),
        (RECIPIENTS, section("recipients", host__agreement__date="2026-11-23"), "begins only on 2026-11-23"),
        (RECIPIENTS, {"transfers": []}, "the text says nothing of a transfer"),
        (
            RECIPIENTS,
            {"transfers": [SECTIONS["transfers"][0] | {"tool": "privacy-shield"}]},
            "allows no transfer",
        ),
        (
            RECIPIENTS,
            {"transfers": [SECTIONS["transfers"][0] | {"certified_until": "2026-11-01"}]},
            "certification under dpf ended on 2026-11-01",
        ),
        (FRENCH, section("recipients", host__country="BE"), "host is in BE, and the promise says FR"),
        ([{"recipient": "stats", "within": "EEA"}], {}, "stats is in US, and the promise says EEA"),
        (PURPOSES, section("purposes", service__basis=[]), "no legal basis for service"),
        (PURPOSES, section("purposes", safety__interest=None), "SV203 interest-not-named"),
        (
            [{"purpose": "service", "basis": ["consent"]}],
            {},
            "rests on contract, and the promise says consent",
        ),
        (
            AUTHORITY,
            {"controller": {"name": "Test", "email": "a@example.com", "country": "BE"}},
            "authority of FR",
        ),
        (
            [{"rule": "authority-address", "at": "rights.authority"}],
            section("rights", authority__postal="8 rue Vivienne, 75083 Paris"),
            "SV316",
        ),
        (AUTHORITY, section("rights", complaint=None), "SV315"),
        (SHARED, {"claims": [SECTIONS["claims"][0] | {"unless": []}]}, "data go to host, stats"),
        ([{"audiences": "customer"}], {"audiences": ELSEWHERE}, ""),
        (
            [{"sources": ["person"]}],
            section("collection", sources={"lists": {"says": {"en": "Lists"}, "kind": "database"}}),
            "data also come from lists",
        ),
        (
            [{"version": "2026-01-01"}],
            {"version": {"number": "2", "effective_from": "2026-02-01"}},
            "2026-02-01",
        ),
        ([{"rule": "SV517", "at": "recipients.ghost"}], {}, "the documents have no recipients.ghost"),
    ],
    ids=str,
)
def test_it_was_broken_on_purpose(
    company: Company, checked: list[dict[str, Any]], changed: dict[str, Any], says: str
) -> None:
    if "audiences" in changed:
        changed |= {
            "categories": {"account": {"says": {"en": "Accounts"}, "audience": ["customer", "visitor"]}}
        }
        says = "account is about visitor, of whom this says nothing"
    found = company.standing(checked, **changed)
    assert found.state == "broken", found.why
    assert says in found.why


def test_data_of_a_purpose_that_are_not_where_they_were_said_to_be_break_it(company: Company) -> None:
    found = company.standing(PURPOSES)
    assert (found.state, found.where) == ("checked", "app.accounts")
    made = project(
        company.folder, company.url, yaml.safe_load((company.folder / "policy.yaml").read_text()), PLACES
    )
    made.run("DROP TABLE accounts")
    found = company.stands(made)
    assert (found.state, found.where) == ("broken", "app.accounts")
    assert "app.accounts cannot be read as declared" in found.why


# -- what is collected --------------------------------------------------------------------------

ACCOUNT = {"says": {"en": "Accounts"}, "audience": "customer", "fields": ["email", "closed"]}
FIELDS = [{"collected": "account"}]
NO_CARDS = [{"absent": ["card", "card-code"]}]
MAPPED = {"accounts": PLACES["accounts"] | {"fields": {"closed": "closed_at"}}}


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_columns_are_the_declared_fields(kind: str, tmp_path: Path, fresh_url: Callable[[str], str]) -> None:
    url = fresh_url(kind)
    company = Company(tmp_path, url)
    made = project(tmp_path, url, policy([retention("T-RET-01", "account", "x", "P3Y")]), {})
    made.run(ACCOUNTS)
    categories = {"categories": {"account": ACCOUNT}}

    found = company.standing(FIELDS, **categories)
    assert (found.state, found.why[:37]) == ("not_yet", "needs the column that holds closed (f")
    found = company.standing([{"collected": "account", "fields": ["email"]}], **categories)
    assert (found.state, found.why) == ("checked", "1 field of account in 1 place")

    found = company.standing(FIELDS, places=MAPPED, **categories)
    assert (found.state, found.where) == ("checked", "app.accounts")
    assert found.why == "2 fields of account in 1 place, and nothing else that is personal"
    assert company.standing(NO_CARDS, places=MAPPED, **categories).state == "checked"

    made.run("ALTER TABLE accounts ADD note VARCHAR(200)")
    found = company.standing(FIELDS, places=MAPPED, **categories)
    assert (found.state, found.where) == ("at_risk", "app.accounts")
    assert "accounts.note may hold free text" in found.why

    made.run("ALTER TABLE accounts ADD x7 VARCHAR(60)")
    made.run(
        *(
            f"INSERT INTO accounts (id, email, x7) VALUES ({i}, 'a{i}@example.org', '{card}')"
            for i, card in enumerate(["4111111111111111", "5500005555555559", "340000000000009"], 1)
        )
    )
    found = company.standing(FIELDS, places=MAPPED, **categories)
    assert found.state == "broken"
    assert found.why == "app.accounts.x7 holds numbers of payment cards, which account does not declare"
    assert "4111" not in str(found.evidence)
    found = company.standing(NO_CARDS, places=MAPPED, **categories)
    assert (found.state, found.where) == ("broken", "app.accounts")


def test_a_column_that_another_category_lists_is_not_asked_of_this_one(company: Company) -> None:
    project_of(company).run("ALTER TABLE accounts ADD phone VARCHAR(25)")
    both = {"account": ["email", "closed_at"], "calls": ["phone"]}
    places = {"accounts": MAPPED["accounts"] | {"data": both}}
    categories = {"account": ACCOUNT, "calls": ACCOUNT | {"fields": ["fax"]}}
    assert company.standing(FIELDS, places=places, categories=categories).state == "checked"
    categories["calls"] = ACCOUNT | {"fields": ["recording"]}
    found = company.standing([{"collected": "calls"}], places=places, categories=categories)
    assert found.state == "broken"
    assert "app.accounts.phone holds phone numbers, which calls does not declare" in found.why


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"closed": "closed_on"}, "no column closed_on"), ({"cloesd": "closed_at"}, "“cloesd” is no field")],
)
def test_a_field_that_points_at_nothing_is_a_complaint(
    company: Company, fields: dict[str, str], message: str
) -> None:
    places = {"accounts": PLACES["accounts"] | {"fields": fields}}
    company.standing(FIELDS, places=places, categories={"account": ACCOUNT})
    with Project(company.folder).open_stores() as opened:
        (complaint,) = opened.stores.binding.complaints
    assert message in complaint.message
    assert complaint.at.line > 1


@pytest.mark.parametrize(
    ("kept", "state", "says"),
    [
        (
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "checked",
            "slow hashes of passwords",
        ),
        (
            "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub",
            "checked",
            "slow hashes of passwords",
        ),
        ("pbkdf2_sha256$870000$salt$b7kTzCzv", "checked", "slow hashes of passwords"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "at_risk", "digests that are quickly guessed"),
        ("$1$salt$qJH7.N4xYta3aEG/dfqo/0", "at_risk", "digests that are quickly guessed"),
        ("{SSHA512}c2FsdHNhbHRzYWx0", "at_risk", "digests that are quickly guessed"),
        ("letmein2", "broken", "passwords that are no hashes"),
        ("$2b$letmein", "broken", "passwords that are no hashes"),
        ("pbkdf2:secret", "broken", "passwords that are no hashes"),
        ("", "not_yet", "needs rows: app.accounts.password is empty"),
    ],
)
def test_passwords_are_slow_hashes(company: Company, kept: str, state: str, says: str) -> None:
    hashed = [{"hashed": "account"}]
    assert company.standing(hashed).why == "needs the column that holds the passwords of account"
    made = project_of(company)
    made.run("ALTER TABLE accounts ADD password VARCHAR(100)")
    for i in (1, 2, 3):
        made.run(f"INSERT INTO accounts (id, password) VALUES ({i}, '{kept}')")
    found = company.standing(hashed)
    assert (found.state, says in found.why) == (state, True), found.why
    assert not kept or kept not in f"{found.why}{found.evidence}"


def test_a_rule_looks_at_nothing_where_nothing_names_the_promise(company: Company) -> None:
    found = company.standing(SHARED, claims=[])
    assert (found.state, found.why) == ("not_yet", "needs a statement that names T-OTH-01 (promise:)")


def test_what_several_recipients_lack_is_said_once(company: Company) -> None:
    changed = section("recipients", host__agreement=None, stats__agreement=None)
    found = company.standing(RECIPIENTS, **changed)
    assert (found.state, found.why) == ("not_yet", "needs the dated agreement of host and stats")


def test_data_that_no_store_holds_need_one(company: Company) -> None:
    categories = {"account": ACCOUNT, "calls": ACCOUNT}
    found = company.standing([{"collected": "calls"}], categories=categories)
    assert (found.state, found.why) == ("broken", "no place holds calls")


@pytest.mark.parametrize("checked", [PURPOSES, NO_CARDS, FIELDS, [{"hashed": "account"}]], ids=str)
def test_a_store_that_does_not_answer_leaves_it_at_risk(
    company: Company, tmp_path: Path, checked: list[dict[str, Any]]
) -> None:
    company.standing(checked)
    stores = tmp_path / "stores.yaml"
    stores.write_text(stores.read_text().replace(company.url, "postgresql://nobody@127.0.0.1:1/none"))
    found = company.stands(project_of(company))
    assert (found.state, found.why) == ("at_risk", "store app does not answer")


def project_of(company: Company) -> TestProject:
    from servanda.database import Database
    from servanda.vault import Vault

    db = Database.open(None, company.folder)
    return TestProject(company.folder, company.url, db, Vault.open(db))


@pytest.mark.parametrize(
    ("checked", "changed", "needs"),
    [
        (RECIPIENTS, section("recipients", host__agreement=None), "needs the dated agreement of host"),
        (RECIPIENTS, section("recipients", host__names=[]), "needs the names of host"),
        (RECIPIENTS, section("recipients", host__country=None), "needs the country of host"),
        ([{"site": "the foot of each page"}], {}, "needs a look at the live site: the foot of each page"),
        (
            [{"document": "the list of flows"}],
            {},
            "needs a document that the company has not given: the list",
        ),
        (
            [*SHARED, {"evidence": "what leaves the application"}],
            {},
            "needs evidence: what leaves the application",
        ),
        ([{"rule": "transfer-tool-invalid"}], {"transfers": []}, "needs the tool of each transfer"),
        ([{"rule": "dpo-unreachable"}], {}, "needs something that dpo-unreachable can look at"),
        (
            [{"purpose": "safety"}],
            section("purposes", safety__balanced_on=None),
            "needs the record that weighs",
        ),
    ],
    ids=str,
)
def test_what_nothing_here_can_compare_says_what_it_needs(
    company: Company, checked: list[dict[str, Any]], changed: dict[str, Any], needs: str
) -> None:
    found = company.standing(checked, **changed)
    assert found.state == "not_yet", found.why
    assert needs in found.why


def test_a_broken_part_is_not_hidden_by_what_else_is_missing(company: Company) -> None:
    found = company.standing([{"site": "the page"}, *FRENCH], **section("recipients", host__country="BE"))
    assert found.state == "broken"
    assert found.evidence == {"compared": ["host is in BE, and the promise says FR"]}


def test_what_is_weak_leaves_it_at_risk(company: Company) -> None:
    said = section("rights", complaint={"to": "CNIL", "condition": "unsatisfactory_answer"})
    found = company.standing(AUTHORITY, **said)
    assert found.state == "at_risk"
    assert "SV315 complaint-unannounced" in found.why


def test_a_rule_that_nobody_knows_is_an_error(company: Company) -> None:
    with pytest.raises(ServandaError, match="no rule begins with “never-told”"):
        company.standing([{"rule": "never-told"}])


@pytest.mark.parametrize(
    ("checked", "message"),
    [
        ([{"recipent": "host"}], "nothing says what is compared"),
        ([{"recipient": "hots"}], "“hots” is not a recipient of this policy"),
        ([{"purpose": "sevice"}], "“sevice” is not a purpose of this policy"),
        ([{"site": "a", "document": "b"}], "one thing is missing at a time"),
        ([{"recipient": "host", "wihtin": "FR"}], "“wihtin” is not known here"),
    ],
)
def test_a_mistake_is_told_at_its_line(company: Company, checked: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(PolicyError) as error:
        company.standing(checked)
    assert [p for p in error.value.problems if message in p.message and p.at.line > 1]


def test_only_what_is_checked_says_so(company: Company) -> None:
    with pytest.raises(PolicyError, match="it says what it is compared with"):
        company.standing(
            [{"site": "the page"}],
            promises=[
                retention("T-RET-01", "account", "account_closure", "P3Y")
                | {"checked": [{"site": "the page"}]}
            ],
        )
