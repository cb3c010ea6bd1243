"""A promise on where data come from: no source of the document is of another kind (GDPR 14(2)(f))."""

from __future__ import annotations

from servanda.policy.checked import BySource
from servanda.policy.promise import Promise
from servanda.rules.compare.check import Seen, broken, check, checked, not_yet
from servanda.rules.compare.looking import Comparison


@check(BySource)
def by_source(looking: Comparison, promise: Promise, said: BySource) -> Seen:
    """Compare the sources that the document names with those that are promised."""
    del promise
    collection = looking.policy.collection
    if collection is None:
        return not_yet("needs how data are collected (collection)")
    others = {name: source for name, source in collection.sources.items() if source.kind not in said.sources}
    if others:
        names = ", ".join(others)
        return broken(f"data also come from {names}")
    forms, sources = len(collection.forms), len(collection.sources)
    count = f"{forms} form{'s' * (forms != 1)} and {sources} other source{'s' * (sources != 1)}"
    return checked(f"data come from {count}, all of a kind that is promised")
