"""A promise on where data come from: every source in the policy has a promised kind (GDPR 14(2)(f))."""

from __future__ import annotations

from servanda.policy.checked import BySource
from servanda.policy.promise import Promise
from servanda.rules.compare.check import CheckResult, broken, check, checked, not_yet
from servanda.rules.compare.comparison import Comparison


@check(BySource)
def by_source(comparison: Comparison, promise: Promise, spec: BySource) -> CheckResult:
    """Compare the declared sources with the promised ones."""
    del promise
    collection = comparison.policy.collection
    if collection is None:
        return not_yet("needs how data are collected (collection)")
    unexpected = {
        name: source for name, source in collection.sources.items() if source.kind not in spec.sources
    }
    if unexpected:
        names = ", ".join(unexpected)
        return broken(f"data also come from {names}")
    forms, sources = len(collection.forms), len(collection.sources)
    count = f"{forms} form{'s' * (forms != 1)} and {sources} other source{'s' * (sources != 1)}"
    return checked(f"data come from {count}, all of a kind that is promised")
