"""Erasure, except for data that a law or a legal claim keeps (GDPR 17)."""

from __future__ import annotations

from dataclasses import replace

from servanda.apply.by_person import eraser, preview_erasure
from servanda.law.rights import RIGHTS
from servanda.rights.answer import archived
from servanda.rights.answer.from_erasure import outcome_of, with_earlier_work
from servanda.rights.answer.outcome import Outcome
from servanda.rights.case import Case
from servanda.rights.record import suppression as suppressed
from servanda.rights.right import Right, register

_STAYING = frozenset({"held", "shared", "keep"})
_WAIT = 60.0
"""Seconds to wait for a running sweep."""


def plan(case: Case) -> Outcome:
    """Which rows would be deleted or emptied, which stay, why and until when."""
    project, asked = case.project, case.of
    found = outcome_of(preview_erasure(project, [asked]))
    return replace(found, kept=(*found.kept, *archived.kept(case)))


def act(case: Case) -> Outcome:
    """Erase the person in one transaction per store, scan for residue, and suppress the address for later imports."""
    project, kept = case.project, archived.kept(case)  # who they are is read before it goes
    with eraser(project, wait=_WAIT) as made:
        (erased,) = made.erase([case.of])
        left = made.scan_residue([erased], named=case.named) if erased.done else []
    if erased.done:
        with project.database.begin() as connection:
            number = case.request.number
            suppressed.suppress(connection, project.vault, case.secret.about, "all", project.today, number)
    done = with_earlier_work(case, outcome_of(erased.erasures, erased))
    decided = {k.place for k in done.kept} | {p for n in done.lines if n.done in _STAYING for p in n.places}
    standing = [one for one in left if not one.kept and one.place not in decided]
    return replace(
        done,
        kept=tuple(dict.fromkeys((*done.kept, *kept))),
        residue=sum(one.rows for one in standing),
        residue_in=tuple(f"{one.place}.{one.column}" for one in standing),
    )


RIGHT = register(Right(RIGHTS["erasure"], plan, act, passes_on=True, archives=True, ends=True))
