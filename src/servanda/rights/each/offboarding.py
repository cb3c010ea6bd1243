"""Offboarding: the data of a leaving customer, for whom the company is a processor, are returned and erased.

    copy of their places ─▶ sealed, to download ─▶ those rows erased ─▶ a letter that certifies it

Only rows of places whose every category has `role: processor` go; their own account, invoices and the like
have their own promises. Holds suspend it, and a law that makes the company keep some of it is named with its end.

Law: GDPR 28(3)(g) at the choice of the controller, deletes or returns all the personal data; 28(3)(h) evidence.
"""

from __future__ import annotations

from dataclasses import replace

from servanda.apply.by_person import eraser, preview_erasure
from servanda.errors import Refused
from servanda.law.rights import RIGHTS
from servanda.rights.answer.from_erasure import outcome_of, with_earlier_work
from servanda.rights.answer.outcome import Outcome
from servanda.rights.answer.pack import packed
from servanda.rights.case import Case, places_of_customers
from servanda.rights.record.copies import Copies
from servanda.rights.right import Right, register

_WAIT = 60.0


def plan(case: Case) -> Outcome:
    """Which rows would be returned and erased, which stay, why and until when."""
    project, asked, only = case.project, case.of, _only(case)
    return outcome_of(preview_erasure(project, [asked], only))


def act(case: Case) -> Outcome:
    """Make a copy, then erase. After a crash, the copy that exists already is kept."""
    project, only = case.project, _only(case)
    made = _made(case)
    if made is None:
        made = packed(case, "access", only)
    with eraser(project, wait=_WAIT, only=only) as ready:
        (erased,) = ready.erase([case.of])
    done = with_earlier_work(case, outcome_of(erased.erasures, erased))
    return replace(done, digest=made.digest, size=made.size)


def _made(case: Case) -> Outcome | None:
    """The outcome of an existing copy for this request; None if there is none."""
    project, number = case.project, case.request.number
    if not Copies(project).present(number):
        return None
    for entry in project.ledger.entries("copy.made"):
        body = entry.body or {}
        if body.get("request") == number:
            return Outcome(digest=body["digest"], size=body["size"])
    return None


def _only(case: Case) -> frozenset[str]:
    found = places_of_customers(case.project)
    if not found:
        raise Refused(
            "no place holds data of customers alone",
            advice="say role: processor of such categories in policy.yaml, and where they lie in stores.yaml",
        )
    return found


RIGHT = register(Right(RIGHTS["offboarding"], plan, act, copy="access", customers=True, ends=True))
