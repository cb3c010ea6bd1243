"""A column is marked as one that persons change themselves, and cannot be.

At the privacy centre a person who is signed in changes at once what `editable:` names. What proves who
somebody is, or what a row is known by, is not changed without anybody: who took over a mailbox would
take over the account. Such columns are put right on request (GDPR 16, 32).

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, phone TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE INDEX accounts_email ON accounts (lower(email));
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        editable: [email, phone]

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, phone TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE INDEX accounts_email ON accounts (lower(email));
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        editable: [phone]

Name columns of places with `person: self`, without keys, identifiers, secrets and flags.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, complaints, rule
from servanda.rules.engine.view import View


@rule("SV446", law="GDPR 16 and 32", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report the complaints from binding the stores document."""
    yield from complaints(view, "not-editable")
