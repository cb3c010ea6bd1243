"""A case: a request with the rows of its person, ready to be carried out.

The person is looked up once, and the rows are sealed with the request, so that a retry after a crash handles the
same rows.

Law: GDPR 11, 12(2) and (6): a doubt about whose data these are is settled before anything is done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from servanda.errors import Refused
from servanda.persons.person import Person, find
from servanda.plan.due import Of
from servanda.project import Project
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Secret
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.key import from_plain, to_plain


@dataclass(frozen=True, slots=True)
class Case:
    """One request with everything needed to carry it out.

    `human` are the rows that represent the person, `reference` is their name in plans and the ledger.
    `erased_before`: an earlier erasure left rows; `rows` are those. `named` is what the person is known by: the
    address of the request, and the identifiers in their rows before anything was done.
    """

    request: Request
    project: Project
    key_id: str
    reference: str
    secret: Secret = field(repr=False)
    human: tuple[Person, ...] = field(repr=False)
    rows: tuple[Person, ...] = field(default=(), repr=False)
    erased_before: bool = False
    named: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def of(self) -> Of:
        """The person as the scope of a plan."""
        return Of(self.reference, self.human, self.request.number, self.key_id, self.rows, self.erased_before)


def several(stores: OpenStores, human: Sequence[Person]) -> list[Person]:
    """The rows among which somebody has to choose: several rows of one place of persons, or a person in doubt.

    Two accounts with one address may be two persons. Where several rows are one person, as with the letters of a
    contact form, the place says `rows_per_person: several`.
    """
    if any(person.doubtful for person in human):
        return list(human)
    counts: dict[str, list[Person]] = {}
    for person in human:
        place = stores.binding.places[person.place].place
        if place.person == "self" and place.rows_per_person == "one":
            counts.setdefault(person.place, []).append(person)
    return [person for living in counts.values() if len(living) > 1 for person in living]


def places_of_customers(project: Project) -> frozenset[str]:
    """The places that hold only data for which customers are the controller (GDPR 28)."""
    categories = project.policy.categories
    return frozenset(
        place.name
        for place in project.stores.binding.places.values()
        if place.data and all(categories[name].role == "processor" for name in place.data)
    )


def look_for(stores: OpenStores, identifier: str, named: str | None = None) -> tuple[Person, ...]:
    """The rows with an identifier, in every store that answers.

    Raises Refused if a store does not answer and no row was found in the others: it may hold some.
    """
    human = tuple(find(stores, identifier, named))
    if stores.down and not human:
        names = ", ".join(sorted(stores.down))
        raise Refused(
            f"the store {names} does not answer", advice="try again when it does; the clock runs on"
        )
    return human


def distinct(persons: Iterable[Person]) -> tuple[Person, ...]:
    """Rows without repetitions: a remembered key is text where the one that was read has a type of its own."""
    by_key: dict[tuple[str, ...], Person] = {}
    for person in persons:
        at = (person.place, *map(str, person.key))
        if at not in by_key or all(isinstance(part, str) for part in by_key[at].key):
            by_key[at] = person
    return tuple(by_key.values())


def as_text(human: Sequence[Person], named: Iterable[str] = ()) -> str:
    """Rows, and what their person is known by, as JSON text, to be sealed with a request."""
    return json.dumps({"rows": [[p.place, to_plain(p.key)] for p in human], "named": sorted(named)})


def from_text(text: str) -> tuple[Person, ...]:
    """The rows that `as_text` encoded."""
    return tuple(Person(place, from_plain(key)) for place, key in json.loads(text)["rows"])


def named_in(text: str) -> frozenset[str]:
    """What the person is known by, as `as_text` encoded it."""
    return frozenset(json.loads(text)["named"])
