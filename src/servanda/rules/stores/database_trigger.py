"""A trigger of the database runs when rows of a place change or go.

It may write an audit copy of the very row that is being erased, stamp a date from which
something is counted, or refuse the change. Servanda cannot read what it does; somebody
should.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE accounts_audit (id INTEGER, email TEXT);
    CREATE TRIGGER accounts_gone AFTER DELETE ON accounts
      BEGIN INSERT INTO accounts_audit VALUES (old.id, old.email); END;
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
    undecided: [accounts_audit]

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE accounts_audit (id INTEGER, email TEXT);

Read it. Make the tables that it writes places of their own, with a promise that ends
them; drop it where it only copies.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV418", law="GDPR 17", severity="advice", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report the triggers of each table with a retention."""
    for place in view.ended:
        names = [trigger.name for trigger in place.table.database_triggers]
        if names:
            verb = "runs" if len(names) == 1 else "run"
            message = f"{', '.join(names)} {verb} when rows of {place.table.name} change: read what it writes"
            yield fails(view.at(place), message, "make the tables that it writes places, too")
