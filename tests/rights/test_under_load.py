"""Data that change while they are copied, and a store that is down while the others answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from conftest import missing
from database_servers import CRASHING
from office import ADDRESS, PLACES, PROMISES, TABLES, Office, Words
from projects import policy, project, retention
from servanda.errors import Refused
from servanda.project import Project
from servanda.rights import handle as carry_out
from servanda.rights.record.copies import Copies
from servanda.rights.record.requests import Requests

KINDS = ["sqlite", "postgres", "mariadb"]
VISITS = 3_000


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> Office:
    people = {**PLACES["people"], "flags": {}}
    found = project(tmp_path / "p", fresh_url(request.param), policy(PROMISES), {**PLACES, "people": people})
    found.run(
        *(["PRAGMA journal_mode = WAL"] if request.param == "sqlite" else []),
        *TABLES,
        f"INSERT INTO people VALUES (1, '{ADDRESS}', 'before', '0', NULL)",
        "INSERT INTO invoices VALUES (1, 1, '2026-03-31', 0)",
        "INSERT INTO visits VALUES " + ", ".join(f"({i}, 1, '2026-11-01')" for i in range(VISITS)),
    )
    return Office(found)


class Slow(Words):
    """Packs a copy; between the first place and the next, the application changes every table."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def pack(self, to: Any, held: Any, policy: Any, **more: Any) -> Any:
        return super().pack(to, self._held(held), policy, **more)

    def _held(self, held: Any) -> Any:
        for number, one in enumerate(held):
            yield one
            if not number:
                self.office.found.run(
                    "UPDATE people SET name = 'after'",
                    "UPDATE invoices SET total = 9",
                    "UPDATE visits SET at = '2020-01-01'",
                    f"INSERT INTO visits VALUES ({VISITS}, 1, '2020-01-01')",
                )


def test_a_copy_shows_one_moment_whatever_happens_meanwhile(office: Office) -> None:
    number = office.ask("access")
    office.packer = Slow(office)
    with office.company() as ours:
        carry_out.apply(ours, number)
        copy = b"".join(Copies(ours).read(number, Requests(ours).key_of(number))).decode()
    rows = [json.loads(line) for line in copy.splitlines()]
    assert sum(row[0] == "app.visits" for row in rows) == VISITS
    assert "after" not in copy
    assert "2020-01-01" not in copy
    assert [row[-1] for row in rows if row[0] == "app.invoices"] == [0]
    assert office.found.rows("SELECT COUNT(*) FROM visits") == [(VISITS + 1,)]


CLIENTS: dict[str, Any] = {
    "clients": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"closed": {"column": "closed", "open": None}},
    }
}


def two_stores(folder: Path, url: str) -> Office:
    """A company with a store of its own, and a shop elsewhere."""
    people = {"people": {**PLACES["people"], "flags": {}}}
    made = project(
        folder / "p",
        f"sqlite:///{folder / 'a.db'}",
        policy([retention("T-RET-01", "account", "closed", "P3Y")]),
        people,
    )
    stores = yaml.safe_load((made.folder / "stores.yaml").read_text())
    stores["stores"]["shop"] = {"url": url, "places": CLIENTS}
    (made.folder / "stores.yaml").write_text(yaml.safe_dump(stores))
    columns = "id INTEGER PRIMARY KEY, email VARCHAR(190), name VARCHAR(80), phone VARCHAR(20), closed DATE"
    rows = f"(1, '{ADDRESS}', 'a', '0', NULL), (2, 'x@example.org', 'b', '0', NULL)"
    made.run(f"CREATE TABLE people ({columns})", f"INSERT INTO people VALUES {rows}")
    in_shop(url, f"CREATE TABLE clients ({columns})", f"INSERT INTO clients VALUES {rows}")
    return Office(made)


def in_shop(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements in the shop; the rows of the last, if it has any."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    found: list[tuple[Any, ...]] = []
    with engine.begin() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement)
            found = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return found


@contextmanager
def tolerant(office: Office) -> Iterator[Project]:
    """The company with the stores that answer, as the worker opens it."""
    with office.company(tolerant=True) as there:
        yield there


@pytest.mark.parametrize("kind", list(CRASHING))
def test_a_store_that_is_down_makes_the_answer_wait_and_the_others_go_on(kind: str, tmp_path: Path) -> None:
    there, server = CRASHING[kind]
    if not there():
        missing(f"{kind} is missing")
    with server() as shop:
        office = two_stores(tmp_path, shop.url)
        number = office.ask("erasure")
        shop.crash()
        with tolerant(office) as opened:
            done = carry_out.apply(opened, number)
            assert [store for store, _ in done.stopped] == ["shop"]
            request = Requests(opened).find(number)
            assert request.state == "planned"
            assert request.days_left(Requests(opened).calendar, opened.today) > 0
            with pytest.raises(Refused, match="nothing yet to answer"):
                carry_out.answer(opened, number)
        emails = "SELECT COUNT(*) FROM {} WHERE email IS NOT NULL"
        assert office.found.rows(emails.format("people")) == [(1,)], "the other store is done"
        shop.start()
        with tolerant(office) as opened:
            assert not opened.stores.down
            assert carry_out.carry_out(opened, number).state == "answered"
        assert in_shop(shop.url, emails.format("clients")) == [(1,)]
        assert office.found.ledger.verify().ok
