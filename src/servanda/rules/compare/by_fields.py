"""A promise on which data are collected: the columns are the declared fields, and nothing else that is personal.

    fields: [source_ip, connection_datetime]     ip, visited_at, user_agent   → broken: user_agent
                                                 ip, visited_at               → checked

A column is a field where `fields` of its place says so, where both have one name, or where both names
mean the same (ip and source_ip). Columns are recognised by names, types and up to 200 values, which are
never shown. A field without a column is what the check needs: nobody said where it lies.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.categories import Category
from servanda.policy.checked import ByFields
from servanda.policy.promise import Promise
from servanda.rules.compare.check import Seen, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.looking import Comparison
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.discovery import lexicon
from servanda.stores.discovery.recognise import Recognised


@check(ByFields)
def by_fields(looking: Comparison, promise: Promise, said: ByFields) -> Seen:
    """Look at the places of each category."""
    del promise
    return worst([_category(looking, name, said.fields) for name in said.collected])


def _category(looking: Comparison, name: str, only: list[str]) -> Seen:
    category = looking.policy.categories[name]
    declared, places = looking.declared(name), looking.places(name)
    down = [store for store in looking.down if any(d.startswith(f"{store}.") for d in declared)]
    if down:
        return at_risk(f"store {down[0]} does not answer", *declared)
    away = [d for d in declared if d not in {place.name for place in places}]
    if away or (not declared and name not in looking.stores.nowhere):
        return broken(f"{away[0]} cannot be read as declared" if away else f"no place holds {name}", *away)
    if not places:
        return not_yet(f"needs a store that holds {name}: {looking.stores.nowhere[name]}")
    where = [place.name for place in places]
    wanted = only or category.fields
    missing = [field for field in wanted if not any(_holds(looking, place, name, field) for place in places)]
    seen = [] if only else list(_others(looking, places, name, category))
    if missing:
        seen.append(not_yet(f"needs the column that holds {', '.join(missing)} (fields: in stores.yaml)"))
    if not wanted:
        seen.append(not_yet(f"needs the fields of {name}"))
    count = f"{len(wanted)} field{'s' * (len(wanted) > 1)} of {name} in {len(places)} place{'s' * (len(places) > 1)}"
    more = "" if only else ", and nothing else that is personal"
    return worst([*seen, checked(f"{count}{more}")] if seen else [checked(f"{count}{more}", *where)])


def _columns(place: BoundPlace, name: str) -> tuple[str, ...]:
    """The columns of a category at a place: those listed, or all that no other category lists."""
    if place.place.data[name] != "all":
        return place.data[name]
    listed = {c for other, said in place.place.data.items() if said != "all" for c in place.data[other]}
    return tuple(column for column in place.data[name] if column not in listed)


def _holds(looking: Comparison, place: BoundPlace, name: str, field: str) -> bool:
    """Whether a column of a category at a place is this field."""
    held = looking.recognised(place.store, place.table)
    return field in place.place.fields or any(
        _same(column, held.columns.get(column), field) for column in _columns(place, name)
    )


def _same(column: str, what: Recognised | None, field: str) -> bool:
    if lexicon.alike(column, field):
        return True
    natures = {*lexicon.read(column).natures[:1], *([what.nature] if what is not None else [])}
    return bool(natures & set(lexicon.read(field).natures))


def _others(looking: Comparison, places: list[BoundPlace], name: str, category: Category) -> Iterator[Seen]:
    """What is, or may be, personal at these places and is no declared field."""
    for place in places:
        held = looking.recognised(place.store, place.table)
        mapped = {column for columns in place.place.fields.values() for column in columns}
        beside = [looking.policy.categories[o] for o, said in place.place.data.items() if said == "all"]
        for column in _columns(place, name):
            what = held.columns.get(column)
            fields = [f for c in (category, *beside) for f in c.fields]
            if what is None or column in mapped or any(_same(column, what, f) for f in fields):
                continue
            shown = f"{place.name}.{column} {{}} {lexicon.SHOWN[what.nature]}, which {name} does not declare"
            if what.state == "personal":
                yield broken(shown.format("holds"), place.name)
            else:
                yield at_risk(shown.format("may hold"), place.name)
        if not held.by_values:
            yield at_risk(f"the right to read {place.name} is missing: only names were seen", place.name)
