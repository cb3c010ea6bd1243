"""Rows are archived as files and may be several persons' at once.

A row in an encrypted archive is known by one person: it comes with the copy of that person, is kept by a hold on
that person, and is destroyed when that person is erased. The others ask and do not get it, a hold on them does not
keep it, and its key goes although they stay (GDPR 15, 17, 18).

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Messages are archived for five years.}
        published: {archive: P5Y}
        enforced:
          - data: account
            trigger: message_sent
            active: P0D
            archive: P5Y
            end: delete
            ground: {law: FR/c-civ/2224}
    --- app.sql
    CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, sent TEXT);
    CREATE INDEX people_sent ON people (sent);
    CREATE TABLE messages (
      id INTEGER PRIMARY KEY, from_id INTEGER REFERENCES people, to_id INTEGER REFERENCES people, sent TEXT);
    CREATE INDEX messages_from ON messages (from_id);
    CREATE INDEX messages_to ON messages (to_id);
    CREATE INDEX messages_sent ON messages (sent);
    --- stores.yaml
    archives:
      legal: {folder: archive, key_backup: P14D}
    places:
      people:
        data: account
        person: self
        identifiers: {email: email}
        skeleton: true
        at_end: {email: null}
        triggers: {message_sent: sent}
        archive: legal
      messages:
        data: account
        person: {via: from_id, to: people}
        references:
          receiver: {via: to_id, to: people, ownership: owned}
        triggers: {message_sent: sent}
        archive: legal

Good:

    --- stores.yaml
    archives:
      legal: {folder: archive, key_backup: P14D}
    places:
      people:
        data: account
        person: self
        identifiers: {email: email}
        skeleton: true
        at_end: {email: null}
        triggers: {message_sent: sent}
        archive: legal
      messages:
        data: account
        person: {via: from_id, to: people}
        references:
          receiver: {via: to_id, to: people, ownership: mentions}
        triggers: {message_sent: sent}
        archive: legal

Archive such rows in a table of the store, which is a place with the same references (`archive: {table: …}`), or say
`mentions` where the row is not the other person's.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.persons.subject_graph import SubjectGraph
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV469", law="GDPR 15, 17 and 18", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check each place that is archived in files."""
    graphs = SubjectGraph.of(view.bound).stores
    for place in view.ended:
        if not isinstance(place.place.archive, str):
            continue
        if place.table.name not in graphs[place.store].shareable():
            continue
        message = (
            f"rows of {place.name} may be several persons', and an archived row is known by one of them only"
        )
        yield fails(
            view.at(place, "archive"),
            message,
            "archive them in a table, or say which reference only mentions",
        )
