"""A table that no place describes points at rows that are to be deleted.

The database would refuse the delete, so a row with such a child is left alone, and the
promise about it is broken quietly, for as long as the child is there. Nobody decided what
the child's rows are, or when they end.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE badges (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts);
    CREATE INDEX badges_account ON badges (account_id);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
    undecided: [badges]

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
      badges:
        data: account
        person: {via: account_id, to: accounts}
        triggers: {account_closure: {of: person, column: closed_at, open: null}}

Make the table a place with a promise that ends it, or make the reference ON DELETE SET
NULL where its rows may stay without it.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.persons.routes import children
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV408", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find foreign keys from tables without a place; a separate rule covers cascades."""
    for place in view.places:
        for child in children(view.bound, place) if view.deletes(place) else ():
            if child.places or child.real is None or child.real.on_delete in ("SET NULL", "CASCADE"):
                continue
            columns = ", ".join(child.link.columns)
            message = (
                f"{child.table.name} ({columns}) points at {place.name}, and no place describes it: "
                "a row with such a child is never deleted"
            )
            fix = f"make {child.table.name} a place, or its reference ON DELETE SET NULL"
            yield fails(view.at(place), message, fix)
