"""Copies of what is held about a person: counted, or packed into a sealed file.

Law: GDPR 15(3) the copy; 20(1) what the person provided; 32 it lies sealed until it is fetched.
"""

from __future__ import annotations

from typing import Literal

from servanda.persons.copy import Copier
from servanda.rights.case import Case
from servanda.rights.outcome import Line, Outcome


def counted(case: Case) -> Outcome:
    """How many rows of each place are held."""
    counts = Copier(case.company.found).count(case.human)
    return Outcome(lines=tuple(Line(places, "copy", rows) for places, rows in counts.items()))


def packed(case: Case, right: Literal["access", "portability"]) -> Outcome:
    """Pack a copy into a sealed file of the request; the ledger has its hash and how many rows it has."""
    company, request = case.company, case.request
    with company.copies.write(request.number, case.key_id) as file:
        made = company.packer.pack(
            file, Copier(company.found).copy(case.human), company.policy, language=request.language,
            right=right, at=company.now, reference=str(request.number),
        )  # fmt: skip
    body = {"request": request.number, "right": right, "rows": made.rows, "places": made.places}
    company.ledger.append("copy.made", body | {"size": made.size, "digest": made.digest})
    lines = (Line((), "copy", made.rows),)
    return Outcome(lines=lines, digest=made.digest, size=made.size)
