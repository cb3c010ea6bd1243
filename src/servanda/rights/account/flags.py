"""Tells an application of a right in force, by the columns that the stores document names as flags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from servanda.apply.corrections import Correction, correct
from servanda.persons.person import Person
from servanda.rights.case import Company
from servanda.stores.document.flags import FlagName


def flag(company: Company, human: Sequence[Person], name: FlagName, *, on: bool) -> int:
    """Set or take back the flags of a human’s own rows. Returns how many rows have one."""
    return correct(company.found, list(_flags(company, human, name, on)))


def _flags(company: Company, human: Sequence[Person], name: FlagName, on: bool) -> Iterator[Correction]:
    for person in human:
        place = company.found.binding.places[person.place]
        found = place.place.flags.get(name)
        if found is not None and (on or found.off is not None):
            yield Correction(person, {found.column: found.on if on else found.off})
