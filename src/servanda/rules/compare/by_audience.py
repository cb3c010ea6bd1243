"""A promise on whom a text is about: every category that the stores hold is about these persons and no others."""

from __future__ import annotations

from servanda.policy.checked import ByAudience
from servanda.policy.promise import Promise
from servanda.rules.compare.check import Seen, broken, check, checked
from servanda.rules.compare.looking import Comparison


@check(ByAudience)
def by_audience(looking: Comparison, promise: Promise, said: ByAudience) -> Seen:
    """Compare the audiences of the data map with those that are promised."""
    del promise
    held = {
        name: category
        for name, category in looking.policy.categories.items()
        if looking.declared(name) or name in looking.stores.nowhere
    }
    for name, category in held.items():
        others = [audience for audience in category.audience if audience not in said.audiences]
        if others:
            return broken(
                f"{name} is about {', '.join(others)}, of whom this says nothing", *looking.declared(name)
            )
    spoken = {audience for category in held.values() for audience in category.audience}
    count = "the one category" if len(held) == 1 else f"all {len(held)} categories"
    return checked(f"{count} of the stores: about {', '.join(sorted(spoken))} and nobody else")
