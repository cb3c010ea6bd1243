"""Rectification: wrong data are corrected, incomplete data completed (GDPR 16).

An employee reads the request and decides which columns get which values; both are sealed with the request.
"""

from __future__ import annotations

import json

from servanda.apply.corrections import Correction, correct, typed
from servanda.errors import Refused
from servanda.law.rights import RIGHTS
from servanda.rights.answer.outcome import Line, Outcome
from servanda.rights.case import Case
from servanda.rights.record.requests import Requests
from servanda.rights.right import Right, register


def plan(case: Case) -> Outcome:
    """Which places would be corrected. Raises Refused for a value that its column does not accept."""
    wanted = corrections(case)
    if not wanted:
        number = case.request.number
        why = f"nobody has said yet what is put right: servanda request correct {number} PLACE.COLUMN"
        return Outcome("refused", refused=(why,))
    for one in wanted:
        typed(case.project.stores, case.project.stores.binding.places[one.person.place], one.values)
    counts: dict[str, int] = {}
    for one in wanted:
        counts[one.person.place] = counts.get(one.person.place, 0) + 1
    return Outcome(lines=tuple(Line((name,), "correct", rows) for name, rows in counts.items()))


def act(case: Case) -> Outcome:
    """Write the values."""
    correct(case.project.stores, corrections(case))
    return plan(case)


def corrections(case: Case) -> list[Correction]:
    """The decided corrections, row by row; the last value of a column counts. Raises Refused if no row is theirs."""
    requests, request = Requests(case.project), case.request
    values: dict[str, dict[str, str]] = {}
    for position, happening in enumerate(request.happenings, 1):
        if happening.kind == "corrections":
            for name, value in json.loads(requests.words(request.number, position)).items():
                place, _, column = name.rpartition(".")
                values.setdefault(place, {})[column] = value
    found: list[Correction] = []
    for place, said in values.items():
        rows = [person for person in case.human if person.place == place]
        if not rows:
            theirs = ", ".join(sorted({person.place for person in case.human}))
            raise Refused(f"{place} has no row of its own for this person", advice=f"theirs: {theirs}")
        found += [Correction(person, said) for person in rows]
    return found


def writable(case: Case) -> Outcome:
    """A rehearsal without values: whether our role may write the person's own rows."""
    stores = case.project.stores
    for person in case.human:
        place = stores.binding.places[person.place]
        if stores.sessions[place.store].lacking(place.table.name, frozenset({"UPDATE"})):
            return Outcome("refused", refused=(f"our role may not write {place.table.name}",))
    return Outcome(lines=tuple(Line((person.place,), "correct", 1) for person in case.human))


RIGHT = register(Right(RIGHTS["rectification"], plan, act, passes_on=True, form="what", rehearse=writable))
