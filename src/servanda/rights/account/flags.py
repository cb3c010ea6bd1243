"""Tells an application of a right in force, by the columns that the stores document names as flags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from servanda.apply.corrections import Correction, correct
from servanda.persons.person import Person
from servanda.project import Project
from servanda.stores.document.flags import FlagName


def flag(project: Project, human: Sequence[Person], name: FlagName, *, on: bool) -> int:
    """Set or take back the flags of a human’s own rows. Returns how many rows have one."""
    return correct(project.stores, list(_flags(project, human, name, on)))


def _flags(project: Project, human: Sequence[Person], name: FlagName, on: bool) -> Iterator[Correction]:
    for person in human:
        place = project.stores.binding.places[person.place]
        found = place.place.flags.get(name)
        if found is not None and (on or found.off is not None):
            yield Correction(person, {found.column: found.on if on else found.off})
