"""Sets flags: columns of the stores document by which the application learns of a right in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from servanda.apply.corrections import Correction, correct
from servanda.persons.person import Person
from servanda.project import Project
from servanda.stores.document.flags import FlagName


def flag(project: Project, human: Sequence[Person], name: FlagName, *, on: bool) -> int:
    """Set or clear a flag in the own rows of a person. Returns the number of rows."""
    return correct(project.stores, list(_flags(project, human, name, on)))


def _flags(project: Project, human: Sequence[Person], name: FlagName, on: bool) -> Iterator[Correction]:
    for person in human:
        place = project.stores.binding.places[person.place]
        found = place.place.flags.get(name)
        if found is not None and (on or found.off is not None):
            yield Correction(person, {found.column: found.on if on else found.off})
