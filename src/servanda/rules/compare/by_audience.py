"""A promise on whom a text is about: every category in the stores is about these audiences only."""

from __future__ import annotations

from servanda.policy.checked import ByAudience
from servanda.policy.promise import Promise
from servanda.rules.compare.check import CheckResult, broken, check, checked
from servanda.rules.compare.comparison import Comparison


@check(ByAudience)
def by_audience(comparison: Comparison, promise: Promise, spec: ByAudience) -> CheckResult:
    """Compare the audiences of the data map with those that are promised."""
    del promise
    categories = {
        name: category
        for name, category in comparison.policy.categories.items()
        if comparison.declared(name) or name in comparison.stores.nowhere
    }
    for name, category in categories.items():
        unexpected = [audience for audience in category.audience if audience not in spec.audiences]
        if unexpected:
            return broken(
                f"{name} is about {', '.join(unexpected)}, of whom this says nothing",
                *comparison.declared(name),
            )
    audiences = {audience for category in categories.values() for audience in category.audience}
    count = "the one category" if len(categories) == 1 else f"all {len(categories)} categories"
    return checked(f"{count} of the stores: about {', '.join(sorted(audiences))} and nobody else")
