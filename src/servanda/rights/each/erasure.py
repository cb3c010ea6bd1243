"""Data are erased, but for what a law or a claim keeps (GDPR 17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from servanda.apply.erasing import Erased, eraser, foreseen
from servanda.plan.erasing import Asked, Erasure
from servanda.rights import suppressed
from servanda.rights.case import Case
from servanda.rights.outcome import Done, Kept, Line, Outcome
from servanda.rights.right import Right, register

_DONE: Mapping[str, Done] = {
    "delete": "delete",
    "anonymise": "anonymise",
    "keep": "keep",
    "held": "held",
    "shared": "shared",
    "mention": "detach",
}
_WAIT = 60.0
"""Seconds for which an erasure waits for a sweep that runs."""


def plan(case: Case) -> Outcome:
    """Which rows would go, which are emptied, what stays, why and until when."""
    company, asked = case.company, Asked(case.reference, case.human)
    return _told(foreseen(company.found, company.db, company.vault, [asked], company.now))


def act(case: Case) -> Outcome:
    """Erase them: one transaction a store, then a look for what is left. They are known again if imported."""
    company = case.company
    with eraser(company.found, company.db, company.vault, company.now, wait=_WAIT) as made:
        (erased,) = made.erase([Asked(case.reference, case.human)])
        left = made.look_through([erased]) if erased.found else []
    if erased.done:
        with company.db.begin() as connection:
            number = case.request.number
            suppressed.suppress(connection, company.vault, case.secret.about, "all", company.today, number)
    residue = sum(one.rows for one in left if not one.kept)
    return _after(case, _told(erased.erasures, erased, residue))


def _after(case: Case, done: Outcome) -> Outcome:
    """What was done; of stores in which a process that died had done it before, what it had planned."""
    before = case.request.last("planned")
    if before is None:
        return done
    planned, mine = Outcome.of(before.facts), {_store(name) for name in done.places}
    lines = tuple(n for n in planned.lines if not {_store(name) for name in n.places} & mine)
    kept = tuple(k for k in planned.kept if _store(k.place) not in mine)
    return replace(done, lines=(*lines, *done.lines), kept=(*kept, *done.kept))


def _store(place: str) -> str:
    return place.partition(".")[0]


def _told(erasures: Sequence[Erasure], erased: Erased | None = None, residue: int = 0) -> Outcome:
    refused = tuple(why for e in erasures for why in e.refused)
    return Outcome(
        kind="refused" if refused else "ready",
        lines=tuple(Line(f.places, _DONE[f.fate], f.rows) for e in erasures for f in e.fates),
        kept=tuple(
            Kept(k.place, k.columns, k.rows, k.promise, k.ground, k.article, k.until)
            for e in erasures
            for k in e.kept
        ),
        refused=refused,
        stopped=erased.stopped if erased is not None else (),
        residue=residue,
    )


RIGHT = register(
    Right(
        "erasure",
        "GDPR 17",
        17,
        plan,
        act,
        passes_on=True,
        aliases=("effacement", "delete", "erase", "suppression"),
    )
)
