"""Copies of what is held about a person: counted, or packed into a sealed file.

Law: GDPR 15(3) the copy; 20(1) what the person provided; 32 it lies sealed until it is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Literal

from servanda.documents.package import Package, Packer
from servanda.persons.copy import Copier, Held
from servanda.rights.answer import archived
from servanda.rights.answer.outcome import Line, Outcome
from servanda.rights.case import Case
from servanda.rights.record.copies import Copies

PACKER: Packer = Package()
"""What packs the copies; what it once worked out of a policy serves the next copy, too."""


def counted(case: Case) -> Outcome:
    """How many rows of each place are held."""
    counts = Copier(case.project.stores).count(case.human)
    lines = [Line(places, "copy", rows) for places, rows in counts.items()]
    return Outcome(lines=(*lines, *archived.lines(case)))


def packed(
    case: Case, right: Literal["access", "portability"], only: frozenset[str] | None = None
) -> Outcome:
    """Pack a copy into a sealed file of the request; the ledger has its hash and how many rows it has.

    With `only`, the rows of some places.
    """
    project, request = case.project, case.request
    with Copies(project).write(request.number, case.key_id) as file:
        held = Copier(project.stores).copy(case.human)
        mine: Iterator[Held] = (one for one in held if only is None or one.place in only)
        if right == "access" and only is None:
            mine = chain(mine, archived.copies(case))
        made = PACKER.pack(
            file, mine, project.policy, language=request.language,
            right=right, at=project.now, reference=str(request.number),
        )  # fmt: skip
    body = {"request": request.number, "right": right, "rows": made.rows, "places": made.places}
    project.ledger.append("copy.made", body | {"size": made.size, "digest": made.digest})
    lines = (Line((), "copy", made.rows),)
    return Outcome(lines=lines, digest=made.digest, size=made.size)
