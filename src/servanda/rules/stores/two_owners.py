"""Rows point at two persons, and nothing says whose they are.

A message has a sender and a receiver, a ticket an author and somebody it is about. If only one of them is the
person of the row, the other asks for their data and does not get it, or the one is erased and takes the
other's copy along (GDPR 15, 15(4), 17).

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TEXT);
    CREATE TABLE messages (id INTEGER PRIMARY KEY, from_id INTEGER, to_id INTEGER REFERENCES accounts, body TEXT);
    CREATE INDEX messages_from ON messages (from_id);
    CREATE INDEX messages_to ON messages (to_id);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        skeleton: true
        at_end: {email: null}
        triggers: {account_closure: {column: closed_at, open: null}}
      messages:
        data: account
        triggers: {account_closure: {of: person, column: closed_at, open: null}}
        person: {via: from_id, to: accounts}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        skeleton: true
        at_end: {email: null}
        triggers: {account_closure: {column: closed_at, open: null}}
      messages:
        data: account
        triggers: {account_closure: {of: person, column: closed_at, open: null}}
        person: {via: from_id, to: accounts, erase: detach}
        references:
          receiver: {via: to_id, to: accounts, ownership: owned, erase: detach}

Say of each reference to persons what it means: `owned`, `mentions`, or `none`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.document.reference import Reference


@rule("SV445", law="GDPR 15, 17", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find references to persons other than the owner of the row."""
    for place in view.places:
        owners = _own(place)
        if owners not in place.links or view.for_others(place):
            continue
        for label, link in place.links.items():
            reference = place.place.links().get(label)
            silent = reference is None or reference.ownership is None
            persons = any(p.place.person == "self" for p in view.bound.of_table(place.store, link.to_table))
            if label != owners and persons and silent and link.columns != place.links[owners].columns:
                columns = ", ".join(link.columns)
                message = f"{place.name} leads to a person by {owners}, and to another by {columns}, which says nothing"
                yield weak(view.at_link(place, link), message, "ownership: owned, mentions or none")


def _own(place: BoundPlace) -> str:
    """The reference to the owner of a row, or an empty string."""
    person = place.place.person
    if isinstance(person, Reference):
        return "person"
    return person if isinstance(person, str) and person not in ("self", "none") else ""
