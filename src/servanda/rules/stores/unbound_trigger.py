"""A retention counts from something that this place does not say how to see.

“Three years after the account is closed” needs a column, a row of another table or a
recorded event that says when an account was closed. Nothing is guessed: until the trigger
is bound, no row of the place is ended, and the promise is broken (GDPR 5(1)(e)).

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts: {data: account, person: self}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Bind it to a column (`closed_at`), to the latest of child rows (`latest: logins.at`), to a
column of the parent (`of: account`), to the greatest of several, or to an event that the
application records with `servanda event`. Say `open: null` where NULL means “still open”.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, complaints, rule
from servanda.rules.engine.view import View


@rule("SV401", law="GDPR 5(1)(e)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report the complaints from binding the stores document."""
    yield from complaints(view, "unbound-trigger")
