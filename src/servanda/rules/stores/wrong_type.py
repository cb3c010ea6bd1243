"""A column that a trigger reads does not hold times as it says.

A number may be seconds or milliseconds since 1970, or no time at all; a text is a time
only where every value has one and the same form. Read the wrong way, every row would be
overdue, or none would ever be. Columns are compared raw, so that an index can be used,
and the kind must therefore be known.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed INTEGER);
    CREATE INDEX accounts_closed ON accounts (closed);
    INSERT INTO accounts VALUES (1, 'a@example.org', 1577836800);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed, open: null}}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed, as: epoch, open: null}}

Say the kind with `as:` (epoch, epoch_ms, text, date, naive, aware), and the zone of times
without one with `zone:`. Texts must be ISO 8601, all in one form.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, complaints, rule
from servanda.rules.engine.view import View


@rule("SV403", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report complaints from binding and from sampled values."""
    yield from complaints(view, "wrong-type")
