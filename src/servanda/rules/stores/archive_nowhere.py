"""A promise has an archive stage, and a place does not say how it archives, or cannot.

After its active stage, what the ground needs must leave daily use and be kept apart. A place
that says nothing keeps the rows where they are, for the whole period: everybody who works
with the application still sees them (GDPR 5(1)(b) and (e)).

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
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE accounts_archive (
      number INTEGER PRIMARY KEY, id INTEGER, email TEXT, closed_at TIMESTAMP,
      archived_trigger DATE, archived_until DATE, archived_grounds TEXT);
    CREATE INDEX archive_trigger ON accounts_archive (archived_trigger);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        archive: {table: accounts_archive}
      accounts_archive:
        data: {account: [email, closed_at]}
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: archived_trigger, as: text}}

Say `archive:` at the place: an archive of encrypted files, another table, or a flag.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, complaints, fails, rule
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.document.archiving import ArchiveTable


@rule("SV423", law="GDPR 5(1)(b) and (e)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check each place with archived data, and the lifetime of backups of keys."""
    yield from complaints(view, "archive-nowhere")
    targets = {
        (p.store, p.place.archive.table) for p in view.places if isinstance(p.place.archive, ArchiveTable)
    }
    for place in view.ended:
        stages = [(p, r.archive) for p, r in place.limits if r.archive is not None]
        if stages and place.place.archive is None and (place.store, place.table.name) not in targets:
            message = f"{stages[0][0].name} archives {place.name}, which does not say how"
            yield fails(view.at(place), message, "archive: the name of an archive, a table or a flag")
        yield from _copies(view, place)


def _copies(view: View, place: BoundPlace) -> Iterator[Finding]:
    """Find backups of the vault that outlive the archived data."""
    name = place.place.archive
    if not isinstance(name, str):
        return
    backup = view.bound.document.archives[name].key_backup
    for promise, retention in place.limits:
        if retention.archive is not None and backup.in_days() >= retention.archive.in_days():
            at = view.bound.document.source.spot(("archives", name, "key_backup"))
            message = (
                f"a backup of the keys of “{name}” lives {backup.in_words()}, "
                f"not shorter than the archive that {promise.name} promises"
            )
            yield fails(at, message, "let backups of the vault end sooner")
