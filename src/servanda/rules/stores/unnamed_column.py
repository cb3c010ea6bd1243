"""A place lists columns, its rows hold others, and nothing says how the listed ones are emptied.

`data: {remarks: [notes]}` promises an end of the notes, and of nothing else. The rows then stay, with whatever no
category names: an e-mail address, a password. Only `at_end` can end the notes; where it says nothing about them,
nothing is ended at the place (GDPR 5(1)(e)).

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, language TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: {account: [email]}
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- stores.yaml
    places:
      accounts:
        data: {account: [email, language]}
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Name every column that goes with the row, say `data: account` for the whole row, or give `at_end`. Keys, references,
triggers, and columns that the database computes need no name.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, complaints, rule
from servanda.rules.engine.view import View


@rule("SV467", law="GDPR 5(1)(e)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report places whose rows stay for columns that nobody named."""
    yield from complaints(view, "unnamed-column")
