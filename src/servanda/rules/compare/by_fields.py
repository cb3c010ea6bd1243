"""A promise on which data are collected: the personal columns are exactly the declared fields.

    fields: [source_ip, connection_datetime]     ip, visited_at, user_agent   → broken: user_agent
                                                 ip, visited_at               → checked

A column is a field if `fields` of its place maps it, if both have the same name, or if both names have
the same meaning (ip and source_ip). Columns are recognised by names, types and up to 200 values, which are
never shown. A field without a column makes the result `not_yet`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.categories import Category
from servanda.policy.checked import ByFields
from servanda.policy.promise import Promise
from servanda.rules.compare.check import CheckResult, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.comparison import Comparison
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.discovery import lexicon
from servanda.stores.discovery.recognise import Recognised


@check(ByFields)
def by_fields(comparison: Comparison, promise: Promise, spec: ByFields) -> CheckResult:
    """Compare the columns of each category with its declared fields."""
    del promise
    return worst([_category(comparison, name, spec.fields) for name in spec.collected])


def _category(comparison: Comparison, name: str, only: list[str]) -> CheckResult:
    category = comparison.policy.categories[name]
    declared, places = comparison.declared(name), comparison.places(name)
    down = [store for store in comparison.down if any(d.startswith(f"{store}.") for d in declared)]
    if down:
        return at_risk(f"store {down[0]} does not answer", *declared)
    unread = [d for d in declared if d not in {place.name for place in places}]
    if unread or (not declared and name not in comparison.stores.nowhere):
        return broken(
            f"{unread[0]} cannot be read as declared" if unread else f"no place holds {name}", *unread
        )
    if not places:
        return not_yet(f"needs a store that holds {name}: {comparison.stores.nowhere[name]}")
    where = [place.name for place in places]
    fields = only or category.fields
    missing = [
        field for field in fields if not any(_holds(comparison, place, name, field) for place in places)
    ]
    results = [] if only else list(_undeclared(comparison, places, name, category))
    if missing:
        results.append(not_yet(f"needs the column that holds {', '.join(missing)} (fields: in stores.yaml)"))
    if not fields:
        results.append(not_yet(f"needs the fields of {name}"))
    count = f"{len(fields)} field{'s' * (len(fields) > 1)} of {name} in {len(places)} place{'s' * (len(places) > 1)}"
    suffix = "" if only else ", and nothing else that is personal"
    return worst(
        [*results, checked(f"{count}{suffix}")] if results else [checked(f"{count}{suffix}", *where)]
    )


def _columns(place: BoundPlace, name: str) -> tuple[str, ...]:
    """The columns of a category at a place: those it lists, or all columns that no other category lists."""
    if place.place.data[name] != "all":
        return place.data[name]
    explicit = {
        c for category, listing in place.place.data.items() if listing != "all" for c in place.data[category]
    }
    return tuple(column for column in place.data[name] if column not in explicit)


def _holds(comparison: Comparison, place: BoundPlace, name: str, field: str) -> bool:
    """Return whether some column of a category at a place is this field."""
    recognised = comparison.recognised(place.store, place.table)
    return field in place.place.fields or any(
        _same(column, recognised.columns.get(column), field) for column in _columns(place, name)
    )


def _same(column: str, match: Recognised | None, field: str) -> bool:
    if lexicon.alike(column, field):
        return True
    natures = {*lexicon.read(column).natures[:1], *([match.nature] if match is not None else [])}
    return bool(natures & set(lexicon.read(field).natures))


def _undeclared(
    comparison: Comparison, places: list[BoundPlace], name: str, category: Category
) -> Iterator[CheckResult]:
    """Yield a result for each column that is, or may be, personal and is not a declared field."""
    for place in places:
        recognised = comparison.recognised(place.store, place.table)
        mapped = {column for columns in place.place.fields.values() for column in columns}
        other_categories = [
            comparison.policy.categories[o] for o, listing in place.place.data.items() if listing == "all"
        ]
        for column in _columns(place, name):
            match = recognised.columns.get(column)
            fields = [f for c in (category, *other_categories) for f in c.fields]
            if match is None or column in mapped or any(_same(column, match, f) for f in fields):
                continue
            message = (
                f"{place.name}.{column} {{}} {lexicon.SHOWN[match.nature]}, which {name} does not declare"
            )
            if match.state == "personal":
                yield broken(message.format("holds"), place.name)
            else:
                yield at_risk(message.format("may hold"), place.name)
        if not recognised.by_values:
            yield at_risk(f"the right to read {place.name} is missing: only names were seen", place.name)
