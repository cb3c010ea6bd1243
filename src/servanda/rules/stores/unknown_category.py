"""A place holds a category that the policy does not know.

The policy names the categories of data that people are told about (GDPR 14(1)(d), 30(1)(c))
and how long each stays. A place with an unknown one is bound to no promise at all.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: acount
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
        triggers: {account_closure: {column: closed_at, open: null}}

Mend the name, or add the category to policy.yaml, with the promise that ends it.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, complaints, rule
from servanda.rules.engine.view import View


@rule("SV404", law="GDPR 14(1)(d), 30(1)(c)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report the complaints from binding the stores document."""
    yield from complaints(view, "unknown-category")
