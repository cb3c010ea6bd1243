"""A table or a column of stores.yaml is not in the store.

Tables are renamed and columns dropped without a thought for this document. The data that
stood there stand somewhere else now, and nobody ends them: the place is left alone until
the document says where they are (GDPR 5(1)(e), 30).

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_on TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_on);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_on, open: null}}

Name the table or column as the database spells it now. Where the data are really gone,
remove the place.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, complaints, rule
from servanda.rules.engine.view import View


@rule("SV402", law="GDPR 5(1)(e), 30", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report the complaints from binding the stores document."""
    yield from complaints(view, "vanished-place")
