"""A sweep of SQLite would keep readers out, or the application gives up waiting for it.

SQLite lets one program write at a time. A page of a sweep holds the write lock for some
milliseconds. In WAL mode readers do not notice; in any other mode they wait with the
writers. Whoever waits does so as long as its own `busy_timeout` says, and SQLite's own
default is not to wait at all: the application then fails with “database is locked”
although nothing is wrong (GDPR 32(1)(b): the ongoing availability of processing systems).
Only the application knows its `busy_timeout`; say it in the store.

Bad:

    --- app.sql
    PRAGMA journal_mode = DELETE;
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    busy_timeout: 0.2
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- app.sql
    PRAGMA journal_mode = WAL;
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    busy_timeout: 5
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Run `PRAGMA journal_mode = WAL` once, it stays with the file; let each connection of the
application begin with `PRAGMA busy_timeout = 5000`, or what its driver calls timeout.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View

_SHORT = 1.0
"""In seconds; a batch holds the lock for at most 20 ms, and batches of other programs may come first."""


@rule("SV432", law="GDPR 32(1)(b)", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check the journal mode of each SQLite file, and the declared timeout of its application."""
    for name in dict.fromkeys(place.store for place in view.ended):
        mode = view.sessions[name].store.journal
        if not mode:
            continue
        if mode != "wal":
            message = f"{name}: SQLite's journal is in mode {mode}, so a sweep keeps readers out"
            yield fails(view.at_store(name), message, "PRAGMA journal_mode = WAL")
        waits = view.bound.document.stores[name].busy_timeout
        if waits is not None and waits < _SHORT:
            message = f"{name}: the application waits {waits:g} s for a lock; beside a sweep it may give up"
            yield fails(view.at_store(name, "busy_timeout"), message, "PRAGMA busy_timeout = 5000")
