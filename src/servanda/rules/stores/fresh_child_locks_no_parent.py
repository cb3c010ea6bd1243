"""A fresh child row could arrive between the last look at its parent and the parent's end.

Before a page ends rows that count from their children, it locks them and looks again. A new
child with a real foreign key waits for that lock; one without does not, and an account
would end in the second in which somebody logs in. On SQLite nothing else can write then,
so that this is found on PostgreSQL and MariaDB only.

Bad:

    --- app.sql of PostgreSQL
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, created_at TIMESTAMPTZ NOT NULL);
    CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER, at TIMESTAMPTZ);
    CREATE INDEX logins_at ON logins (at);
    CREATE INDEX logins_account ON logins (account_id);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {latest: logins.at, else: created_at, remember: true}}
      logins:
        data: login
        person: {via: account_id, to: accounts}
        triggers: {login: at}

Good:

    --- app.sql of PostgreSQL
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, created_at TIMESTAMPTZ NOT NULL);
    CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES accounts, at TIMESTAMPTZ);
    CREATE INDEX logins_at ON logins (at);
    CREATE INDEX logins_account ON logins (account_id);

Declare the foreign key, or bind a column of the row itself that the application renews,
such as `last_seen_at`: the statement that ends the row then sees the change.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV411", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check that every aggregate has a foreign key."""
    for place in view.ended:
        if not view.sessions[place.store].store.dialect.locks_rows:
            continue
        for name, trigger in view.latest(place):
            child = view.bound.shapes[place.store].tables[trigger.link.table]
            if not any(
                p.columns == trigger.link.columns and p.table == trigger.link.to_table for p in child.points
            ):
                message = (
                    f"{child.name} points at {place.name} by no real foreign key: a row that arrives while "
                    "its parent ends is not waited for"
                )
                fix = "declare the foreign key, or bind a column of the row itself"
                yield fails(view.at(place, "triggers", name), message, fix)
