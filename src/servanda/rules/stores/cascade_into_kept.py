"""Deleting a row would take rows along that must stay, or that nobody has decided about.

ON DELETE CASCADE asks nobody. Servanda looks for such rows and leaves the parent alone as
long as there is one; the application's own deletes do not look. Rows that the law wants
kept must not hang on such a reference (GDPR 17(3)(b)), and rows of a table that nobody
mapped would keep their parent for ever.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE invoices (
      id INTEGER PRIMARY KEY,
      account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
      issued_on DATE);
    CREATE INDEX invoices_account ON invoices (account_id);
    CREATE INDEX invoices_issued ON invoices (issued_on);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        skeleton: true
        at_end: {email: null}
      invoices:
        data: invoice
        person: {via: account_id, to: accounts}
        triggers: {invoice_issued: issued_on}

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE invoices (
      id INTEGER PRIMARY KEY,
      account_id INTEGER NOT NULL REFERENCES accounts ON DELETE RESTRICT,
      issued_on DATE);
    CREATE INDEX invoices_account ON invoices (account_id);
    CREATE INDEX invoices_issued ON invoices (issued_on);

Make the reference RESTRICT, or SET NULL; or map the table, so that its rows end by a
promise of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.persons.routes import children
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace


@rule("SV407", law="GDPR 17(3)(b)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Follow every cascade out of a place whose rows are deleted."""
    for place in view.places:
        if not view.deletes(place):
            continue
        for child in children(view.bound, place):
            if (
                child.real is None
                or child.real.on_delete != "CASCADE"
                or child.table.name == place.table.name
            ):
                continue
            columns = ", ".join(child.link.columns)
            head = f"a delete at {place.name} cascades into {child.table.name} ({columns})"
            fix = f"make {child.table.name} ({columns}) ON DELETE RESTRICT or SET NULL"
            if not child.places:
                yield fails(view.at(place), f"{head}, which no place describes", fix + ", or map the table")
            for living in child.places:
                why, must = _stays(view, place, living)
                if why:
                    judge = fails if must else weak
                    yield judge(view.at_link(living, child.link), f"{head}, {why}", fix)


def _stays(view: View, place: BoundPlace, child: BoundPlace) -> tuple[str, bool]:
    """The reason why rows of a child stay when their parents are deleted, and whether it is a duty."""
    if view.for_others(child):
        return "whose rows are another controller’s", True
    own_limits = [
        (p, r)
        for p, r in child.limits
        if not any(r is parent_retention for _, parent_retention in place.limits)
    ]
    duty = [p for p, r in own_limits if r.limit == "min"]
    if duty:
        return f"whose rows must stay for {duty[0].name}", True
    if not child.limits or view.endless(child):
        return "whose rows no retention ends", False
    if own_limits:
        return f"whose rows end by a promise of their own, {own_limits[0][0].name}", False
    return "", False
