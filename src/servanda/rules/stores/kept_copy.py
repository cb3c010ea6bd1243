"""The database keeps a copy of rows that ends with none of them: a history, large objects, a view of its own.

A system-versioned table of MariaDB keeps every row that was ever deleted; the bytes of a large object of PostgreSQL
stay when the row that leads to them goes; a table that inherits from another has rows of its own; a materialised
view shows what was there when it was last refreshed. Whoever was erased still stands there (GDPR 5(1)(e), 17). The
promise is not kept, and an erasure is refused, since nobody could be told that it was done. Views that the role of
`apply` may refresh, and full-text tables over another table, are renewed by Servanda.

Bad:

    --- app.sql of MariaDB
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at DATETIME) WITH SYSTEM VERSIONING;
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- app.sql of MariaDB
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at DATETIME);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Take the copy away, or let the database end it with the row.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.persons.subject_graph import is_of_persons
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View
from servanda.stores.binding.obstacles import kept_copies


@rule("SV466", law="GDPR 5(1)(e), 17", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find the copies that the database keeps of rows that end."""
    for place in view.places:
        if place.swept or is_of_persons(view.bound, place):
            for kept in kept_copies(view.bound, place):
                yield fails(view.at(place), kept.message, kept.advice)
