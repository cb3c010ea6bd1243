"""Rows that must stay point at rows that are to be deleted, and nothing says what then.

An invoice stays ten years and points at an account that ends after three. Deleted, the
account would break the reference, so it stays whole until the last invoice has gone, seven
years too long (GDPR 5(1)(e)). Emptied to its key it can stay as a skeleton.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE invoices (
      id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts, issued_on DATE);
    CREATE INDEX invoices_account ON invoices (account_id);
    CREATE INDEX invoices_issued ON invoices (issued_on);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
      invoices:
        data: invoice
        person: {via: account_id, to: accounts}
        triggers: {invoice_issued: issued_on}

Good:

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

Say `skeleton: true` and how each column is emptied (`at_end`), or let the reference go:
ON DELETE SET NULL, or `at_end: {account_id: null}` on the child.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from servanda.persons.routes import Child, children
from servanda.policy.promise import Retention
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.document.change import Change

_SAMPLE = date(2023, 3, 1)


@rule("SV413", law="GDPR 5(1)(e)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find the children with grounds of their own of each place whose rows are deleted."""
    for place in view.places:
        if not view.deletes(place) or (place.place.skeleton and place.place.at_end):
            continue
        for child in children(view.bound, place):
            if child.table.name == place.table.name or _let_go(child):
                continue
            for living in child.places:
                why = _longer(view, place, living)
                if not why:
                    continue
                columns = ", ".join(child.link.columns)
                message = (
                    f"{living.name} {why} and points at {place.name} by {columns}: "
                    "until then those rows stay whole"
                )
                nullable = all(child.table.columns[c].nullable for c in child.link.columns)
                fix = "skeleton: true, and at_end: with every column that is to be emptied"
                if nullable:
                    fix += f"; or ON DELETE SET NULL for {child.table.name} ({columns})"
                yield (weak if place.place.at_end else fails)(view.at(place), message, fix)


def _let_go(child: Child) -> bool:
    """Return whether the reference is set to NULL by the database or by every place of the child."""
    if child.real is not None and child.real.on_delete == "SET NULL":
        return True
    nulled = [any(p.place.at_end.get(c) == Change() for c in child.link.columns) for p in child.places]
    return bool(nulled) and all(nulled)


def _longer(view: View, place: BoundPlace, child: BoundPlace) -> str:
    """The reason why rows of a child outlive those of a place; empty if they do not."""
    if view.for_others(child):
        return "is another controller’s"
    if not child.limits:
        return ""  # a separate rule covers data without an end
    own_limits = [
        (p, r)
        for p, r in child.limits
        if not any(r is parent_retention for _, parent_retention in place.limits)
    ]
    duty = [p.name for p, r in own_limits if r.limit == "min"]
    if duty:
        return f"stays for {duty[0]}"
    longest = max(_end(r) for _, r in place.limits)
    longer = [p.name for p, r in own_limits if _end(r) > longest or r.keeps_row]
    return f"stays longer, for {longer[0]}," if longer else ""


def _end(retention: Retention) -> date:
    day = _SAMPLE
    for period in retention.periods:
        day = day + period
    return day
