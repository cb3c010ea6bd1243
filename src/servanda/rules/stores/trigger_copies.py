"""A trigger of the database copies rows into a table where nothing ends them.

An audit trigger keeps the very row that is being erased, while it is erased: what a promise
ended lives on under another name. Found in the text of the trigger; what it puts together
while it runs is not.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE accounts_audit (id INTEGER PRIMARY KEY, email TEXT, written_at TIMESTAMP);
    CREATE TRIGGER accounts_gone AFTER DELETE ON accounts
      BEGIN INSERT INTO accounts_audit VALUES (old.id, old.email, CURRENT_TIMESTAMP); END;
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
    CREATE TABLE accounts_audit (id INTEGER PRIMARY KEY, email TEXT, written_at TIMESTAMP);
    CREATE INDEX accounts_audit_written ON accounts_audit (written_at);
    CREATE TRIGGER accounts_gone AFTER DELETE ON accounts
      BEGIN INSERT INTO accounts_audit VALUES (old.id, old.email, CURRENT_TIMESTAMP); END;
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
      accounts_audit:
        data: account
        person: none
        triggers: {account_closure: written_at}

Make the copy a place of its own, with a promise that ends it, or have the trigger write no
personal data. A copy that a law asks for has a promise with that law.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV447", law="GDPR 5(1)(e), 17", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check that tables written by triggers have a retention, too."""
    ended = {(place.store, place.table.name) for place in view.places if place.swept}
    for place in view.ended:
        for trigger in place.table.database_triggers:
            for table in trigger.writes:
                if (place.store, table) not in ended:
                    changed = place.table.name
                    message = (
                        f"when rows of {changed} change, {trigger.name} writes {table}, which nothing ends"
                    )
                    fix = f"make {table} a place with a promise that ends it, or drop the trigger"
                    yield fails(view.at(place), message, fix)
