"""A place that is to be ended is a view, not a table.

A view shows rows of other tables. Deleting through it is refused by most databases, ends
other rows than meant on some, and has no key and no index of its own; so plans leave it out.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE VIEW customers AS SELECT * FROM accounts;
    --- stores.yaml
    places:
      customers:
        data: account
        person: self
        triggers: {account_closure: {column: closed_at, open: null}}
    undecided: [accounts]

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Make the table behind the view the place; `where:` limits it to some rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV421", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find places that are views."""
    for place in view.ended:
        if place.table.view:
            message = f"{place.table.name} is a view, so that nothing is ended there"
            yield fails(view.at(place), message, "name the table behind it")
