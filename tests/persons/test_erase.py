"""Erasing a person: what goes, what is emptied, what stays and why, on every database."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from projects import TestProject, policy, project, retention
from servanda.apply.by_person import Erased, erase, eraser
from servanda.apply.residue_scan import scan
from servanda.database.tables import tombstone
from servanda.errors import StoreError
from servanda.persons.holds import HeldPerson, HeldRows
from servanda.persons.person import Person
from servanda.plan.due import Of
from servanda.plan.erasure import Erasure
from servanda.stores.sql import where

TABLES = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(100), name VARCHAR(50), note VARCHAR(100))",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id),"
    " ip VARCHAR(40))",
    "CREATE TABLE invoices (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders(id),"
    " customer_id INTEGER NOT NULL REFERENCES customers(id), issued_on DATE, name VARCHAR(50))",
    "CREATE TABLE logins (id INTEGER PRIMARY KEY, customer_id INTEGER)",
    "CREATE TABLE tickets (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id), subject VARCHAR(50))",
    "CREATE TABLE replies (id INTEGER PRIMARY KEY, ticket_id INTEGER REFERENCES tickets(id), author_id INTEGER,"
    " author_email VARCHAR(100), body VARCHAR(50))",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY, from_id INTEGER, to_id INTEGER, body VARCHAR(50))",
)
ROWS = (
    "INSERT INTO customers VALUES (1, 'ann@example.com', 'Ann', 'x'), (2, 'bob@example.com', 'Bob', 'y'),"
    " (3, 'cat@example.com', 'Cat', 'z')",
    "INSERT INTO orders VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c')",
    "INSERT INTO invoices VALUES (1, 1, 1, '2024-05-05', 'Ann'), (2, 3, 2, '2010-01-01', 'Bob')",
    "INSERT INTO logins VALUES (1, 1), (2, 2), (3, 1), (4, NULL)",
    "INSERT INTO tickets VALUES (1, 1, 'help'), (2, 2, 'help')",
    "INSERT INTO replies VALUES (1, 1, 1, 'ann@example.com', 'h'), (2, 2, 1, 'ann@example.com', 'h'),"
    " (3, 2, 2, 'bob@example.com', 'h')",
    "INSERT INTO messages VALUES (1, 1, 2, 'hi'), (2, 2, 1, 'ho'), (3, 1, 1, 'self'), (4, 2, 3, 'hu')",
)
END = date(2099, 1, 1)
LAW = {"limit": "min", "ground": {"law": "FR/c-com/L123-22"}}


def places() -> dict[str, Any]:
    return {
        "customers": {
            "data": "account",
            "person": "self",
            "identifiers": {"email": "email"},
            "skeleton": True,
            "at_end": {"email": None, "name": None, "note": None},
        },
        "orders": {
            "data": "account",
            "person": {"via": "customer_id", "to": "customers"},
            "at_end": {"ip": None},
            "skeleton": True,
        },
        "invoices": {
            "data": "invoice",
            "person": {"via": "customer_id", "to": "customers"},
            "references": {"order": {"via": "order_id", "to": "orders"}},
            "triggers": {"issued": "issued_on"},
        },
        "logins": {"data": "account", "person": {"via": "customer_id", "to": "customers"}},
        "tickets": {"data": "account", "person": {"via": "customer_id", "to": "customers"}},
        "replies": {
            "data": "account",
            "person": "ticket",
            "references": {
                "ticket": {"via": "ticket_id", "to": "tickets"},
                "author": {
                    "via": "author_id",
                    "to": "customers",
                    "ownership": "mentions",
                    "erase": "detach",
                    "clears": {"author_email": None},
                },
            },
        },
        "messages": {
            "data": "account",
            "person": {"via": "from_id", "to": "customers", "erase": "detach"},
            "references": {
                "to": {"via": "to_id", "to": "customers", "ownership": "owned", "erase": "detach"},
            },
        },
    }


def documents() -> dict[str, Any]:
    kept = retention("X-RET-01", "invoice", "issued", "P10Y", **LAW)
    return policy([kept, retention("X-RET-02", "account", "never", "P1Y")])


@pytest.fixture
def made(tmp_path: Path, store_url: str) -> TestProject:
    found = project(tmp_path, store_url, documents(), places())
    found.run(*TABLES, *ROWS)
    return found


def gone(made: TestProject, *ids: int) -> list[Erased]:
    asked = [Of(f"p{i}", [Person("app.customers", (i,))]) for i in ids]
    with made.opened() as project:
        return erase(project, asked)


def content(made: TestProject) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("customers", "orders", "invoices", "logins", "tickets", "replies", "messages")
    return {t: sorted(made.rows(f"SELECT * FROM {t}"), key=repr) for t in tables}


def fates(erasure: Erasure) -> dict[tuple[str, str], int]:
    return {(f.places[0].split(".")[1], f.fate): f.rows for f in erasure.fates}


def test_what_law_keeps_stays_and_the_rest_goes(made: TestProject) -> None:
    before = content(made)
    (erased,) = gone(made, 1)
    after = content(made)
    assert erased.done
    assert erased.residue == 0
    (erasure,) = erased.erasures
    assert fates(erasure) == {
        ("customers", "anonymise"): 1,
        ("orders", "anonymise"): 1,
        ("orders", "delete"): 1,
        ("invoices", "keep"): 1,
        ("logins", "delete"): 2,
        ("tickets", "delete"): 1,
        ("replies", "delete"): 1,
        ("replies", "mention"): 1,
        ("messages", "delete"): 1,
        ("messages", "shared"): 2,
    }
    (kept,) = erasure.kept
    assert (kept.place, kept.rows, str(kept.until), kept.article) == (
        "app.invoices",
        1,
        "2034-05-05",
        "GDPR 17(3)(b)",
    )
    assert after["customers"] == [(1, None, None, None), *before["customers"][1:]]
    assert after["orders"] == [(1, 1, None), before["orders"][2]]
    assert after["invoices"] == before["invoices"]
    assert after["logins"] == [(2, 2), (4, None)]
    assert after["tickets"] == [(2, 2, "help")]
    assert after["replies"] == [(2, 2, None, None, "h"), (3, 2, 2, "bob@example.com", "h")]
    assert after["messages"] == [(1, None, 2, "hi"), (2, 2, None, "ho"), (4, 2, 3, "hu")]


def test_twice_changes_nothing_more(made: TestProject) -> None:
    gone(made, 1)
    once = content(made)
    (erased,) = gone(made, 1)
    assert content(made) == once
    assert erased.done


def test_a_row_of_two_goes_with_the_last(made: TestProject) -> None:
    gone(made, 1)
    gone(made, 2)
    assert content(made)["messages"] == [(4, None, 3, "hu")]
    gone(made, 3)
    assert content(made)["messages"] == []


def test_two_who_leave_together_leave_nothing(made: TestProject) -> None:
    one, two = gone(made, 1, 2)
    assert one.done
    assert two.done
    assert content(made)["messages"] == [(4, None, 3, "hu")]
    assert content(made)["replies"] == []
    assert [r[0] for r in content(made)["customers"]] == [1, 3]


def test_a_plan_changes_nothing_and_says_the_same(made: TestProject) -> None:
    before = content(made)
    asked = [Of("p1", [Person("app.customers", (1,))])]
    with made.opened() as project, eraser(project) as ready:
        (planned,) = ready.plan(asked)
        assert content(made) == before
        (erased,) = ready.erase(asked)
    assert erased.erasures == (planned,)


def test_what_would_refuse_is_found_before_anything_is_changed(made: TestProject) -> None:
    made.run(
        "CREATE TABLE badges (id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL REFERENCES tickets(id))",
        "INSERT INTO badges VALUES (1, 1)",
    )
    before = content(made)
    one, two = gone(made, 1, 2)
    assert not one.done
    assert "app.tickets" in one.refused[0]
    assert two.done
    after = content(made)
    assert after["customers"][0] == before["customers"][0]
    assert [r[0] for r in after["customers"]] == [1, 3]


REFUSING = {
    "sqlite": (
        "CREATE TRIGGER vip BEFORE DELETE ON logins WHEN OLD.id = 2 BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION vip() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF OLD.id = 2 THEN RAISE 'not this one'; END IF; RETURN OLD; END $$",
        "CREATE TRIGGER vip BEFORE DELETE ON logins FOR EACH ROW EXECUTE FUNCTION vip()",
    ),
    "mariadb": (
        "CREATE TRIGGER vip BEFORE DELETE ON logins FOR EACH ROW"
        " IF OLD.id = 2 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF",
    ),
}


def test_whom_the_database_itself_refuses_stays_alone(made: TestProject) -> None:
    before = content(made)
    made.run(*REFUSING[made.url.split("+")[0].split(":")[0]])
    one, two, three = gone(made, 1, 2, 3)
    assert [one.done, two.done, three.done] == [True, False, True]
    assert two.stopped[0][0] == "app"
    after = content(made)
    assert [r[0] for r in after["customers"]] == [1, 2]
    assert after["customers"][1] == before["customers"][1]
    assert [r[0] for r in after["logins"]] == [2, 4]
    assert made.ledger.verify().ok
    assert not made.ledger.open_intents()


def test_a_hold_suspends_everything_of_whom_it_is_about(made: TestProject) -> None:
    before = content(made)
    scope = (HeldPerson("app.customers", (1,)),)
    hold = made.holds.place("litigation", scope, case="C", reason="r", author="a", review_on=date(2099, 1, 1))
    held, free = gone(made, 1, 2)
    assert {f.fate for f in held.erasures[0].fates} == {"held"}
    after = content(made)
    assert [r for r in after["customers"] if r[0] == 1] == before["customers"][:1]
    assert [r for r in after["logins"] if r[1] == 1] == [(1, 1), (3, 1)]
    assert after["messages"][:3] == before["messages"][:3]
    assert free.done
    made.holds.lift(hold.id)
    (erased,) = gone(made, 1)
    assert erased.erasures[0].rows("delete") > 0
    assert [r for r in content(made)["logins"] if r[1] == 1] == []


def test_a_held_row_keeps_what_it_points_at(made: TestProject) -> None:
    before = content(made)
    scope = (HeldRows("app.replies", "id", "=", 1),)
    made.holds.place(
        "order", scope, case="C", reason="r", author="a", review_on=date(2098, 1, 1), ends_on=END
    )
    (refused,) = gone(made, 1)
    assert "app.tickets" in refused.refused[0]
    assert content(made) == before


def test_a_held_row_of_somebody_else_goes_on_naming_who_leaves(made: TestProject) -> None:
    before = content(made)
    scope = (HeldRows("app.replies", "id", "=", 2),)
    made.holds.place("litigation", scope, case="C", reason="r", author="a", review_on=date(2098, 1, 1))
    (erased,) = gone(made, 1)
    assert erased.done
    assert fates(erased.erasures[0])["replies", "held"] == 1
    assert content(made)["replies"] == before["replies"][1:]
    assert content(made)["customers"][0] == (1, None, None, None)


def test_a_law_keeps_who_is_named_in_it_and_the_answer_says_until_when(
    tmp_path: Path, store_url: str
) -> None:
    approvals = {
        "data": {"invoice": ["approver_id", "approved_on"], "account": ["note"]},
        "person": {"via": "customer_id", "to": "customers"},
        "references": {
            "approver": {
                "via": "approver_id",
                "to": "customers",
                "ownership": "mentions",
                "erase": "detach",
            }
        },
        "triggers": {"issued": "approved_on"},
    }
    found = project(tmp_path, store_url, documents(), {**places(), "approvals": approvals})
    found.run(
        *TABLES,
        *ROWS,
        "CREATE TABLE approvals (id INTEGER PRIMARY KEY, customer_id INTEGER, approver_id INTEGER,"
        " note VARCHAR(20), approved_on DATE)",
        "INSERT INTO approvals VALUES (1, 2, 1, 'n', '2024-05-05'), (2, 2, 1, 'n', '2010-01-01')",
    )
    for _ in range(2):
        (erased,) = gone(found, 1)
        assert erased.done
        assert fates(erased.erasures[0])["approvals", "keep"] == 1
        kept = [k for k in erased.erasures[0].kept if k.place == "app.approvals"]
        assert [(k.columns, k.rows, str(k.until)) for k in kept] == [(("approver_id",), 1, "2034-05-05")]
        assert [r[2] for r in sorted(found.rows("SELECT * FROM approvals"))] == [1, None]
        assert found.rows("SELECT * FROM customers WHERE id = 1") == [(1, None, None, None)]


@pytest.mark.parametrize("nested", [where.MOST_NESTED, 0], ids=["nested", "named"])
def test_a_shared_row_leads_on_to_whoever_stays(
    tmp_path: Path, store_url: str, nested: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of two that both stay keeps its way to them, when a third person leaves through whom one is reached."""
    monkeypatch.setattr(where, "MOST_NESTED", nested)
    children = {
        "data": "account",
        "person": {"via": "parent_id", "to": "customers", "erase": "detach"},
    }
    members = places()["customers"] | {
        "references": {
            "head": {"via": "head_id", "to": "customers", "ownership": "owned", "erase": "detach"}
        },
    }
    found = project(tmp_path, store_url, documents(), {"customers": members, "children": children})
    found.run(
        TABLES[0],
        "ALTER TABLE customers ADD COLUMN head_id INTEGER",
        "CREATE TABLE children (id INTEGER PRIMARY KEY, parent_id INTEGER)",
        "INSERT INTO customers VALUES (1, 'a@example.com', 'A', 'x', NULL), (2, 'b@example.com', 'B', 'y', 1)",
        "INSERT INTO children VALUES (1, 1), (2, 2)",
    )
    (erased,) = gone(found, 1)
    assert erased.done
    assert found.rows("SELECT * FROM customers") == [(2, "b@example.com", "B", "y", None)]
    assert found.rows("SELECT * FROM children") == [(2, 2)]


def test_an_outcome_that_cannot_be_recorded_waits(made: TestProject) -> None:
    """The rows are gone, and for a moment there is no room in Servanda's own database to say so."""
    commits: list[sa.Connection] = []

    def full(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("servanda_writes"):
            commits.append(connection)
            if len(commits) == 2:  # the first one is the intent
                raise sa.exc.OperationalError("COMMIT", None, sqlite3.OperationalError("disk is full"))

    asked = [Of("p2", [Person("app.customers", (2,))])]
    with made.opened() as project, eraser(project) as ready:
        sa.event.listen(made.db.engine, "commit", full)
        try:
            with pytest.raises(StoreError, match="the disk is full"):
                ready.erase(asked)
        finally:
            sa.event.remove(made.db.engine, "commit", full)
        assert [e.body["expected"] for e in made.ledger.open_intents() if e.body]
    (outcome,) = (e.body for e in made.ledger.entries("page.outcome"))
    assert outcome
    assert outcome["rows"]
    assert len(list(made.ledger.entries("erasure.done"))) == 1
    assert made.ledger.open_intents() == []
    with made.db.read() as connection:
        confirmed = connection.execute(sa.select(tombstone.c.confirmed)).scalars().all()
    assert set(confirmed) == {1}


def test_an_accent_makes_two_persons_whatever_was_asked_before(tmp_path: Path, store_url: str) -> None:
    """MariaDB remembers what a subquery said for a value, by a collation that takes É for E."""
    letters = {
        "data": "account",
        "person": {"via": "address", "to": "customers", "on": "email", "compare": "folded"},
        "references": {"reader": {"via": "reader_id", "to": "customers", "ownership": "owned"}},
    }
    found = project(
        tmp_path, store_url, documents(), {"customers": places()["customers"], "letters": letters}
    )
    found.run(
        TABLES[0],
        "CREATE TABLE letters (id INTEGER PRIMARY KEY, address VARCHAR(60), reader_id INTEGER)",
        "INSERT INTO customers VALUES (1, 'josé@example.com', 'J', 'x'), (2, 'jose@example.com', 'O', 'y')",
        "INSERT INTO letters VALUES (1, 'JOSÉ@EXAMPLE.COM', 2), (2, 'JOSE@EXAMPLE.COM', 2)",
    )
    (erased,) = gone(found, 2)
    assert erased.done
    assert fates(erased.erasures[0]) == {
        ("customers", "anonymise"): 1,
        ("letters", "delete"): 1,
        ("letters", "shared"): 1,
    }
    assert found.rows("SELECT id FROM letters") == [(1,)]


def test_what_is_left_of_somebody_is_found(made: TestProject) -> None:
    made.run("UPDATE tickets SET subject = 'ask Ann@Example.com' WHERE id = 2")
    (erased,) = gone(made, 1)
    assert erased.named == {"ann@example.com"}
    with made.opened() as project:
        (left,) = scan(project.stores, erased.named)
        assert (left.place, left.column, left.rows) == ("app.tickets", "subject", 1)
        many = erased.named | {f"nobody{i}@example.com" for i in range(50)}
        assert scan(project.stores, many) == [left]
        assert scan(project.stores, frozenset({"nobody@example.com"})) == []


def test_the_ledger_says_what_was_kept_and_names_nobody(made: TestProject) -> None:
    gone(made, 1)
    entry = made.ledger.last("erasure.done")
    assert entry is not None
    assert entry.body is not None
    assert entry.body["person"] == "p1"
    assert entry.body["kept"][0]["until"] == "2034-05-05"
    assert made.ledger.verify().ok
    said = " ".join(e.header + str(e.body) for e in made.ledger.entries())
    assert "ann@example.com" not in said.lower()


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_a_row_of_two_persons_ends_with_the_second_though_a_law_keeps_a_row_between(
    kind: str, tmp_path: Path, fresh_url: Any
) -> None:
    """The invoice of the first stays by law and leads to nobody any more; the voucher must not stay for it."""
    closed = {"closed": {"of": "person", "column": "closed_on", "open": None}}
    found = project(
        tmp_path / "p",
        fresh_url(kind),
        policy(
            [
                retention("T-RET-01", "account", "closed", "P3Y"),
                retention("T-RET-02", "invoice", "issued", "P10Y", **LAW),
            ]
        ),
        {
            "members": {
                "data": "account",
                "person": "self",
                "identifiers": {"email": "email"},
                "triggers": {"closed": {"column": "closed_on", "open": None}},
                "skeleton": True,
                "at_end": {"email": None},
            },
            "invoices": {
                "data": "invoice",
                "person": {"via": "member_id", "to": "members"},
                "triggers": {"issued": "issued_on"},
            },
            "vouchers": {
                "data": "account",
                "person": {"via": "member_id", "to": "members"},
                "references": {"invoice": {"via": "invoice_id", "to": "invoices", "ownership": "owned"}},
                "triggers": closed,
            },
        },
    )
    found.run(
        "CREATE TABLE members (id INTEGER PRIMARY KEY, email VARCHAR(60), closed_on DATE)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, member_id INTEGER REFERENCES members (id), issued_on DATE)",
        "CREATE TABLE vouchers (id INTEGER PRIMARY KEY, member_id INTEGER REFERENCES members (id),"
        " invoice_id INTEGER REFERENCES invoices (id))",
        "INSERT INTO members VALUES (1, 'a@example.com', NULL), (2, 'b@example.com', NULL), (3, 'c@example.com', NULL)",
        "INSERT INTO invoices VALUES (1, 1, '2026-01-01'), (2, 2, '2026-01-01'), (3, 3, '2026-01-01')",
        "INSERT INTO vouchers VALUES (1, 1, 2), (2, 2, 1), (3, 2, 3)",
    )
    left = []
    for key in (1, 2, 2):
        with found.opened() as opened:
            assert erase(opened, [Of(f"ref-{key}", (Person("app.members", (key,)),))])[0].done
        left.append([row[0] for row in found.rows("SELECT id FROM vouchers ORDER BY id")])
    assert left == [[1, 2, 3], [3], [3]]
    assert found.rows("SELECT id FROM invoices ORDER BY id") == [(1,), (2,), (3,)]
