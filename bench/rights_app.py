"""The application that rights are measured on: a hosting company with 200,000 customers, some 35 rows each.

It is built by the statements of `bench/app.sql` beside the facts (SERVANDA_FACTS, or ../shared). The index on
invoices(order_id), which `servanda check` asks for, is added: without it each order that goes reads
every invoice.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from projects import retention
from scene import Scene, scene
from sweep_postgres import Base

PEOPLE = 200_000
PROMISES = [
    retention("B-RET-01", "customer", "closed", "P3Y"),
    retention("B-RET-02", "login", "seen", "P1Y"),
]
_CLOSED = {"closed": {"of": "person", "column": "closed_at", "open": None}}
_OWN: dict[str, Any] = {"via": "customer_id", "to": "customers"}
PLACES: dict[str, Any] = {
    "customers": {
        "data": "customer",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"closed": {"column": "closed_at", "open": None}},
        "skeleton": True,
        "at_end": {"first_name": None, "last_name": None, "phone": None, "notes": None, "birth_date": None},
    },
    **{
        table: {"data": "customer", "person": _OWN, "triggers": _CLOSED}
        for table in ("services", "orders", "invoices", "tickets")
    },
    "ticket_messages": {
        "data": "customer",
        "person": "ticket",
        "references": {"ticket": {"via": "ticket_id", "to": "tickets"}},
        "triggers": {"closed": {"of": ["ticket", "person"], "column": "closed_at", "open": None}},
    },
    "login_events": {"data": "login", "person": _OWN, "triggers": {"seen": "at"}},
    "newsletter_subscriptions": {
        "data": "customer",
        "person": {"via": "email", "to": "customers", "on": "email"},
        "triggers": _CLOSED,
    },
}  # fmt: skip
PLACES["invoices"]["references"] = {"order": {"via": "order_id", "to": "orders"}}

DELETES = (
    "DELETE FROM ticket_messages WHERE ticket_id IN (SELECT id FROM tickets WHERE customer_id = %(id)s)",
    "DELETE FROM tickets WHERE customer_id = %(id)s",
    "DELETE FROM invoices WHERE customer_id = %(id)s",
    "DELETE FROM orders WHERE customer_id = %(id)s",
    "DELETE FROM services WHERE customer_id = %(id)s",
    "DELETE FROM login_events WHERE customer_id = %(id)s",
    "DELETE FROM newsletter_subscriptions WHERE email = (SELECT email FROM customers WHERE id = %(id)s)",
    "DELETE FROM customers WHERE id = %(id)s",
)
"""One erasure as somebody writes it by hand who knows the tables: eight statements, one transaction."""
DELETES_TOGETHER = tuple(
    statement.replace("= (SELECT email", "IN (SELECT email")
    .replace("customer_id = %(id)s", "customer_id IN (SELECT id FROM gone)")
    .replace("id = %(id)s", "id IN (SELECT id FROM gone)")
    for statement in DELETES
)
"""The same for everybody whose id is in the table `gone`."""
SELECTS = tuple(s.replace("DELETE FROM", "SELECT * FROM", 1) for s in DELETES)


def facts() -> Path | None:
    """The folder of the facts, if it is here."""
    given = os.environ.get("SERVANDA_FACTS")
    found = Path(given) if given else Path(__file__).parents[2] / "shared"
    return found if (found / "bench" / "app.sql").exists() else None


def built(url: str) -> Base:
    """The database, built once. Takes some minutes."""
    folder = facts()
    assert folder is not None
    text = (folder / "bench" / "app.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("\\", "--", "DROP SCHEMA"))]
    statements = [s.replace("%", "%%") for s in "\n".join(lines).split(";\n") if s.strip(" ;\n")]
    return Base(
        url, "rights", *statements, "CREATE INDEX invoices_order ON invoices(order_id)", "VACUUM ANALYZE"
    )


@contextmanager
def company(url: str) -> Iterator[Scene]:
    """The project on a copy of the database; what is loaded by now is frozen, as `servanda serve` does."""
    gc.freeze()
    with scene(url, PROMISES, PLACES) as made:
        yield made
