"""Archived rows are only flagged, and nothing in the database shuts them from daily use.

A flag is an archive only where nobody in daily work sees the rows any more. What every
program has to remember by itself is forgotten by one of them: the database must do it, by
a view that leaves flagged rows out, or by a row-level policy.

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Contracts are archived for five years.}
        published: {archive: P5Y}
        enforced:
          - data: account
            trigger: account_closure
            active: P0D
            archive: P5Y
            end: delete
            ground: {law: FR/c-civ/2224}
    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP, archived_at DATE);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        archive: {flag: archived_at}

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP, archived_at DATE);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE VIEW active_accounts AS SELECT * FROM accounts WHERE archived_at IS NULL;
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        archive: {flag: archived_at, view: active_accounts}
    not_personal:
      active_accounts: the accounts again, without those that are archived

Make the view, give the application rights on the view alone, and name it; or write a policy
(PostgreSQL) and switch row security on.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View
from servanda.stores.document.archiving import ArchiveFlag


@rule("SV424", law="GDPR 5(1)(b) and (f)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check in the catalogue of each database that flagged rows are hidden."""
    from servanda.stores.sql.archive_table import database

    for place in view.ended:
        how = place.place.archive
        if not isinstance(how, ArchiveFlag) or how.flag not in place.table.columns:
            continue
        if not database(view.sessions[place.store]).hides_flagged_rows(place.table.name, how.flag, how.view):
            problem = (
                f"the view {how.view} does not ask for it" if how.view else "no view, no policy asks for it"
            )
            message = f"archived rows of {place.table.name} are flagged by {how.flag}, and {problem}"
            yield fails(view.at(place, "archive"), message, f"a view WHERE {how.flag} IS NULL, under view:")
