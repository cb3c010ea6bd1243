"""A promise to use data for a purpose: its legal bases, their conditions, and the places of its data.

It is broken by a missing basis, an unnamed legitimate interest, a legal obligation that cites no law, or a
category that is not in the store that declares it (GDPR 5(1)(b), 6(1), 13(1)(c) and (d)).
"""

from __future__ import annotations

from collections.abc import Sequence

from servanda.policy.checked import ByPurpose
from servanda.policy.promise import Promise
from servanda.rules.compare.by_rule import rule_result
from servanda.rules.compare.check import CheckResult, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.comparison import Comparison

_BASES = "purpose-without-basis"
_ASKS = {"legitimate_interest": "interest-not-named", "legal_obligation": "legal-obligation-uncited"}


@check(ByPurpose)
def by_purpose(comparison: Comparison, promise: Promise, spec: ByPurpose) -> CheckResult:
    """Check each purpose: its bases, and the places of its data."""
    del promise
    return worst([_purpose(comparison, name, spec) for name in spec.purpose])


def _purpose(comparison: Comparison, name: str, spec: ByPurpose) -> CheckResult:
    purpose = comparison.policy.purposes[name]
    if spec.basis and set(spec.basis) != set(purpose.bases):
        actual = ", ".join(purpose.bases) or "none"
        return broken(f"{name} rests on {actual}, and the promise says {', '.join(spec.basis)}")
    at = [f"purposes.{name}"]
    laws = [_BASES, *(_ASKS[basis] for basis in purpose.bases if basis in _ASKS)]
    parts = [rule_result(comparison, rule, at) for word in laws for rule in comparison.rules(word)]
    failed = [part for part in parts if part.state != "checked"]
    return worst([*failed, _data(comparison, name, purpose.data, purpose.bases)])


def _data(comparison: Comparison, name: str, data: list[str], bases: Sequence[str]) -> CheckResult:
    """Check that the categories of a purpose are in the places that the stores document declares."""
    if not data:
        return not_yet(f"needs the data that serve {name}: the text names none")
    where: list[str] = []
    for category in data:
        declared = comparison.declared(category)
        readable = [place.name for place in comparison.places(category)]
        unread = [place for place in declared if place not in readable]
        if (
            not declared
            and category not in comparison.stores.nowhere
            and not _elsewhere(comparison, category)
        ):
            return broken(f"{category} serve {name}, but no place holds them and nowhere: gives no reason")
        down = [place for place in unread if place.split(".", 1)[0] in comparison.down]
        if down:
            return at_risk(f"store {down[0].split('.', 1)[0]} does not answer", *down)
        if unread:
            return broken(f"{category} serve {name}, and {unread[0]} cannot be read as declared", *unread)
        where += readable
    bases_text = ", ".join(basis.replace("_", " ") for basis in bases)
    if not where:
        return not_yet(f"needs a store that holds what serves {name}")
    places = list(dict.fromkeys(where))
    count = f"{len(data)} categor{'y' if len(data) == 1 else 'ies'} in {len(places)} place{'s' * (len(places) > 1)}"
    return checked(f"{name} rests on {bases_text}, and uses {count}", *places)


def _elsewhere(comparison: Comparison, category: str) -> bool:
    return comparison.policy.categories[category].held_by is not None
