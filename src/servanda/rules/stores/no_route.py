"""A place holds personal data, and nothing says whose.

What a person asks for, objects to or has held is found by following references from each
row to a person. A place without such a route is left out of every answer (GDPR 15, 17) and
a hold on a person does not reach it, so that held data would be ended.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: account
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Say `person: self` where a row is a person, name the reference that leads to one, or say
`person: none` where the rows are about nobody whom you could find.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.persons.routes import route
from servanda.persons.subject_graph import is_of_persons
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV417", law="GDPR 15, 17, 18", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check the route of each place, and its other references to persons."""
    for place in view.places:
        person = place.place.person
        if person == "none" or route(view.bound, place) is not None:
            continue
        if person is None and is_of_persons(view.bound, place):
            continue
        if person is None:
            message = f"{place.name} does not say whose its rows are: a hold on a person does not reach them"
            yield fails(view.at(place), message, "person: self, a reference to a person, or none")
        elif not view.bound.unusable(place.name):
            message = f"the reference of {place.name} to its person ends at rows that are no persons"
            yield fails(
                view.at(place, "person"), message, "lead it on to a place with person: self, or say none"
            )
