"""Every promise of the examples that is kept by comparing has a keeper that really looks.

Each is compared with something, or says what is missing to compare it. For each kind of comparison one
thing that is compared is broken, in the text, in the stores document or in the database, and the
promise with it.
"""

from __future__ import annotations

import importlib
import re
import shutil
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from servanda.policy.checked import HERE, ByRule, Wanting
from servanda.policy.policy import load_policy
from servanda.policy.promise import Promise
from servanda.policy.promise_status import PromiseStatus
from servanda.project import Project
from servanda.rules import View
from servanda.rules.compare import check
from servanda.rules.compare.comparison import Comparison
from servanda.rules.engine.run import select_rules

ROOT = Path(__file__).resolve().parents[2]
COMPANIES = ("exograd", "ksaar", "sociatex", "xmserver", "xsior")
KINDS = ("other", "recipient", "sub-processor", "transfer")
TODAY = date(2026, 11, 22)
COUNTED = {"exograd": 17, "ksaar": 25, "sociatex": 36, "xmserver": 52, "xsior": 18}
"""How many promises of these kinds each text keeps by comparing."""


class Compared:
    """An example in a folder of its own, and how its promises stand."""

    def __init__(self, folder: Path, today: date = TODAY) -> None:
        self.folder, self.today = folder, today

    def replace(self, document: str, was: str, by: str) -> None:
        path = self.folder / document
        text = path.read_text(encoding="utf-8")
        assert text.count(was) == 1, f"{was} stands {text.count(was)} times in {document}"
        path.write_text(text.replace(was, by), encoding="utf-8")

    def run(self, *statements: str) -> None:
        (file,) = self.folder.glob("*.db")
        connection = sqlite3.connect(file)
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement
        connection.commit()
        connection.close()

    def standings(self, only: str = "") -> dict[str, PromiseStatus]:
        now = datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)
        with Project(self.folder, clock=lambda: now).open_stores(tolerant=True) as opened:
            policy, stores = opened.policy, opened.stores
            comparison = Comparison(
                View(policy, self.today, stores.binding, stores.sessions, ()), tuple(stores.down)
            )
            return {
                promise.id: check.status_of(comparison, promise, now)
                for promise in policy.promises
                if compared(promise) and only in ("", promise.id)
            }


def compared(promise: Promise) -> bool:
    return promise.keep == "check" and promise.kind in KINDS


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The five examples, each with its database, to be copied."""
    folders = {company: tmp_path_factory.mktemp(company) for company in COMPANIES}
    for company, folder in folders.items():
        for document in ("policy.yaml", "stores.yaml"):
            shutil.copy(ROOT / "examples" / company / document, folder)
        build = importlib.import_module(f"examples.{company}.generate").build
        build(f"sqlite:///{folder}/{company}.db", TODAY)
    return folders


def example(
    built: dict[str, Path], company: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Compared:
    monkeypatch.delenv(f"{company.upper()}_DATABASE_URL", raising=False)
    folder = tmp_path / company
    shutil.copytree(built[company], folder)
    return Compared(folder)


# -- each has a keeper ----------------------------------------------------------------------------


@pytest.mark.unit
@pytest.mark.parametrize("company", COMPANIES)
def test_each_says_what_it_is_compared_with_or_what_is_missing(company: str) -> None:
    policy = load_policy(ROOT / "examples" / company / "policy.yaml")
    comparison = Comparison(View(policy, TODAY))
    asked = [promise for promise in policy.promises if compared(promise)]
    assert len(asked) == COUNTED[company]
    for promise in asked:
        assert promise.checked, f"{promise.id} is compared with nothing"
        for said in promise.checked:
            if isinstance(said, Wanting):
                told = said.site or said.document or said.evidence or ""
                assert len(told.split()) >= 3, f"{promise.id} needs more than “{told}”"
            if isinstance(said, ByRule):
                assert all(len(select_rules([word])) == 1 for word in said.rule), promise.id
                if said.at == [HERE] and said.rule != ["assertion-broken"]:
                    assert len(comparison.statements(promise)) > 1 or promise.stated, promise.id


@pytest.mark.parametrize("company", COMPANIES)
def test_each_stands_by_what_was_looked_at(
    company: str, built: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = example(built, company, tmp_path, monkeypatch).standings()
    assert len(listed) == COUNTED[company]
    for name, found in listed.items():
        if found.state == "not_yet":
            assert re.match(r"needs \S+ \S+ \S+", found.why), f"{name}: {found.why}"
            assert "to say what is compared" not in found.why
        else:
            assert found.state in ("checked", "broken", "at_risk"), name
            assert len(found.why) > 20, name
        if found.state in ("checked", "broken"):
            assert found.evidence["compared"], name
    assert {"checked", "broken", "at_risk", "not_yet"} >= {found.state for found in listed.values()}
    assert any(found.state == "checked" for found in listed.values())


# -- that really looks -----------------------------------------------------------------------------

CELESTE = """    kind: processor
    country: FR
    names: [CELESTE]
"""
ENDED = "    agreement: {date: 2020-01-06, scope: [hosting], expires: 2026-11-21}\n"
CARDS = [f"UPDATE users SET k7 = '{n}' WHERE id % 3 = {i}" for i, n in enumerate(
    ("4111111111111111", "5500005555555559", "340000000000009")
)]  # fmt: skip
IN_TEXT = [
    pytest.param("xmserver", "XMSERVER-OTH-09", "    basis: [contract]\n    data: [contact-details, account]",
                 "    basis: []\n    data: [contact-details, account]", "rests on none", id="no basis"),
    pytest.param("xmserver", "XMSERVER-OTH-10", "    basis: [contract]\n    data: [orders, services",
                 "    basis: [consent]\n    data: [orders, services", "rests on consent", id="another basis"),
    pytest.param("sociatex", "SOCIATEX-SUB-01", CELESTE, CELESTE.replace("FR", "BE"),
                 "celeste is in BE, and the promise says FR", id="a recipient elsewhere"),
    pytest.param("sociatex", "SOCIATEX-SUB-01", CELESTE, CELESTE + ENDED, "ended on 2026-11-21",
                 id="an agreement that has run out"),
    pytest.param("xsior", "XSIOR-OTH-11", "  country: FR\n", "  country: BE\n",
                 "CNIL is the authority of FR, and the company is in BE", id="another authority"),
    pytest.param("ksaar", "KSAAR-OTH-01", "  customers:\n    says: {en: Customers, fr: Clients}\n",
                 "  customers:\n    says: {en: Customers, fr: Clients}\n  strangers: {says: {en: Strangers}}\n",
                 "prospects is about strangers", id="persons of whom nobody spoke"),
    pytest.param("sociatex", "SOCIATEX-OTH-10", "collection:\n",
                 "collection:\n  sources:\n    lists: {says: {fr: Listes}, kind: database, data: [forms]}\n",
                 "data also come from lists", id="a source of another kind"),
]  # fmt: skip
IN_STORE = [
    pytest.param("exograd", "EXOGRAD-OTH-05", ["ALTER TABLE organisations ADD iban VARCHAR(34)"],
                 "app.organisations.iban holds", id="a column that nobody declared"),
    pytest.param("ksaar", "KSAAR-OTH-03", ["UPDATE users SET password_hash = 'letmein' WHERE id % 5 = 0"],
                 "app.users.password_hash holds passwords that are no hashes", id="passwords as they are"),
    pytest.param("ksaar", "KSAAR-OTH-07", ["ALTER TABLE users ADD k7 VARCHAR(20)", *CARDS],
                 "app.users.k7 holds numbers of payment cards", id="cards at rest"),
    pytest.param("sociatex", "SOCIATEX-OTH-13", ["UPDATE clients SET mode_reglement = 'carte' WHERE id = "
                 "(SELECT MIN(id) FROM clients WHERE iban IS NOT NULL)"],
                 "SV443 assertion-broken: clients: 1 row is not as asserted", id="an assertion of rows"),
    pytest.param("xmserver", "XMSERVER-OTH-09", ["DROP TABLE tblclients"],
                 "app.tblclients cannot be read as declared", id="the data of a purpose are gone"),
]  # fmt: skip


@pytest.mark.parametrize(("company", "name", "was", "by", "says"), IN_TEXT)
def test_what_is_broken_in_the_text_breaks_its_promise(
    company: str, name: str, was: str, by: str, says: str,
    built: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = example(built, company, tmp_path, monkeypatch)
    assert made.standings(name)[name].state in ("checked", "not_yet")
    made.replace("policy.yaml", was, by)
    if name == "KSAAR-OTH-01":
        made.replace("policy.yaml", "    audience: prospects\n", "    audience: strangers\n")
    found = made.standings(name)[name]
    assert (found.state, says in found.why) == ("broken", True), found.why


@pytest.mark.parametrize(("company", "name", "statements", "says"), IN_STORE)
def test_what_is_broken_in_the_database_breaks_its_promise(
    company: str, name: str, statements: list[str], says: str,
    built: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = example(built, company, tmp_path, monkeypatch)
    assert made.standings(name)[name].state in ("checked", "not_yet")
    made.run(*statements)
    found = made.standings(name)[name]
    assert (found.state, says in found.why) == ("broken", True), found.why


def test_a_transfer_tool_is_that_of_the_day(
    built: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = example(built, "ksaar", tmp_path, monkeypatch)
    found = made.standings("KSAAR-TRF-03")["KSAAR-TRF-03"]
    assert found.state == "broken"
    assert "privacy-shield allows no transfer on 2026-11-22" in found.why
    made.today = date(2020, 6, 1)
    assert made.standings("KSAAR-TRF-03")["KSAAR-TRF-03"].state != "broken"


def test_a_text_that_is_mended_is_checked(
    built: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = example(built, "xsior", tmp_path, monkeypatch)
    assert made.standings("XSIOR-OTH-12")["XSIOR-OTH-12"].state == "broken"
    made.replace(
        "policy.yaml", "postal: 3 place de Fontenoy - TSA 80751", "postal: 3 place de Fontenoy - TSA 80715"
    )
    assert made.standings("XSIOR-OTH-12")["XSIOR-OTH-12"].state == "checked"


def test_an_assertion_that_nobody_makes_checks_nothing(
    built: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = example(built, "sociatex", tmp_path, monkeypatch)
    assert made.standings("SOCIATEX-OTH-13")["SOCIATEX-OTH-13"].state == "checked"
    made.replace("stores.yaml", ", promise: SOCIATEX-OTH-13}", "}")
    found = made.standings("SOCIATEX-OTH-13")["SOCIATEX-OTH-13"]
    assert (found.state, found.why) == ("not_yet", "needs a statement that names SOCIATEX-OTH-13 (promise:)")
