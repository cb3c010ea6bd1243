"""A place holds data of a category that no retention ends.

Such data stay for ever, and so does every row that holds them, even where another
category of the same row has ended. GDPR 5(1)(e): no longer than necessary; 13(2)(a): people
must be told how long.

Bad:

    --- policy.yaml
    categories:
      preferences: {says: {en: Settings of an account}, audience: customers}
    --- app.sql
    CREATE TABLE settings (id INTEGER PRIMARY KEY, colour TEXT);
    --- stores.yaml
    places:
      settings: {data: preferences, person: none}

Good:

    --- stores.yaml
    places:
      settings:
        data: account
        person: none
        triggers: {account_closure: {event: account_closure}}

Add the category to the `data` of the retention that ends it, or write a promise that
does. Data of other controllers (`role: processor`) end by their own instructions.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV104", law="GDPR 5(1)(e), 13(2)(a)", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find the categories of each place that no retention of the policy names."""
    for place in view.places:
        for category in view.endless(place):
            rest = ", so that none of its rows is ever deleted" if place.swept else ""
            message = f"{place.name} holds {category}, which no retention ends{rest}"
            yield fails(view.at(place, "data"), message, f"name {category} in the data of a retention")
