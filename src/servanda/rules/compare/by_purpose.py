"""A promise to use data for a purpose: its bases, what a basis asks, and that its data are where they should be.

A basis that is missing, an interest that nobody names, a duty that cites no law, or a category
that was said to lie in a store and is not there breaks it (GDPR 5(1)(b), 6(1), 13(1)(c) and (d)).
"""

from __future__ import annotations

from collections.abc import Sequence

from servanda.policy.checked import ByPurpose
from servanda.policy.promise import Promise
from servanda.rules.compare.by_rule import decided
from servanda.rules.compare.check import Seen, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.looking import Comparison

_BASES = "purpose-without-basis"
_ASKS = {"legitimate_interest": "interest-not-named", "legal_obligation": "legal-obligation-uncited"}


@check(ByPurpose)
def by_purpose(looking: Comparison, promise: Promise, said: ByPurpose) -> Seen:
    """Look at each purpose: its bases, and the places of its data."""
    del promise
    return worst([_purpose(looking, name, said) for name in said.purpose])


def _purpose(looking: Comparison, name: str, said: ByPurpose) -> Seen:
    purpose = looking.policy.purposes[name]
    if said.basis and set(said.basis) != set(purpose.basis):
        has = ", ".join(purpose.basis) or "none"
        return broken(f"{name} rests on {has}, and the promise says {', '.join(said.basis)}")
    at = [f"purposes.{name}"]
    laws = [_BASES, *(_ASKS[basis] for basis in purpose.basis if basis in _ASKS)]
    parts = [decided(looking, rule, at) for word in laws for rule in looking.rules(word)]
    bad = [part for part in parts if part.state != "checked"]
    return worst([*bad, _data(looking, name, purpose.data, purpose.basis)])


def _data(looking: Comparison, name: str, data: list[str], bases: Sequence[str]) -> Seen:
    """Whether the categories that a purpose uses are where the stores document says."""
    if not data:
        return not_yet(f"needs the data that serve {name}: the text names none")
    where: list[str] = []
    for category in data:
        declared = looking.declared(category)
        there = [place.name for place in looking.places(category)]
        away = [place for place in declared if place not in there]
        if not declared and category not in looking.stores.nowhere and not _elsewhere(looking, category):
            return broken(f"{category} serve {name}, and no place holds them, nor is it said why")
        down = [place for place in away if place.split(".", 1)[0] in looking.down]
        if down:
            return at_risk(f"store {down[0].split('.', 1)[0]} does not answer", *down)
        if away:
            return broken(f"{category} serve {name}, and {away[0]} cannot be read as declared", *away)
        where += there
    said = ", ".join(basis.replace("_", " ") for basis in bases)
    if not where:
        return not_yet(f"needs a store that holds what serves {name}")
    places = list(dict.fromkeys(where))
    count = f"{len(data)} categor{'y' if len(data) == 1 else 'ies'} in {len(places)} place{'s' * (len(places) > 1)}"
    return checked(f"{name} rests on {said}, and uses {count}", *places)


def _elsewhere(looking: Comparison, category: str) -> bool:
    return looking.policy.categories[category].held_by is not None
