"""Carries out a plan.

Rules:
    1. One apply at a time, and only if the ledger verifies.
    2. Before the first change everything is checked: pins, age, sizes, rights, columns.
    3. Each page has an intent and an outcome in the ledger; pages that a crash left open are closed first.
    4. A step whose rows far exceed the plan is stopped.
    5. A stop (Ctrl-C) takes effect after the current page; running the same command again continues.
"""

from __future__ import annotations

from datetime import timedelta

from servanda.apply import preflight, restore
from servanda.apply.archive import Archiver, close_segments
from servanda.apply.by_range import Sweep, exceeds_plan
from servanda.apply.forgetting import forget_gone
from servanda.apply.options import Listener, Options, Outcome
from servanda.apply.pages import recover
from servanda.apply.scrub import scrub
from servanda.apply.tombstones import refuse_if_restored
from servanda.errors import Refused
from servanda.ledger import Ledger
from servanda.plan.make import make
from servanda.plan.plan import Plan, Saved
from servanda.project import Project

LIFE = timedelta(hours=24)


def record(ledger: Ledger, plan: Plan) -> int:
    """Record the counts of a plan in the ledger: the closing count of the last apply. Returns the entry number."""
    counts = [
        {"place": s.place, "action": s.action, "promises": list(s.promises), "rows": s.rows, "held": s.held}
        for s in plan.steps
    ]
    body = {
        "plan": plan.digest,
        "today": plan.today.isoformat(),
        "policy": plan.pins.policy,
        "counts": counts,
    }
    return ledger.append("plan.made", body).number


def apply(project: Project, *, saved: Saved | None, options: Options, listener: Listener) -> Outcome:
    """Carry out a saved plan, or what is due now. Raises Refused, with nothing changed, if a check fails."""
    stores, db, ledger = project.stores, project.database, project.ledger
    stores.lend_secret(project.vault.secret("pseudonym"))
    with db.exclusive("apply"):
        ledger.require()
        close_segments(project, ledger)
        restore.check(project)
        refuse_if_restored(db)
        for session in stores.sessions.values():
            for sentence in session.partitions.restore_detached():
                listener.said(sentence)
        plan = _plan(project, saved, options.quick)
        for sentence in recover(db, ledger, lambda step: _remaining(plan, step)):
            listener.said(sentence)
        preflight.check(stores, plan, options.allow)
        forget_gone(stores, db, list(stores.binding.places.values()))
        outcome = Sweep(project, plan, options, listener, Archiver.of(project, plan)).carry_out(saved)
        if options.scrub and not outcome.interrupted:
            scrub(stores, ledger, outcome, listener)
        restore.note_extents(project)
        return outcome


def _plan(project: Project, saved: Saved | None, quick: bool) -> Plan:
    if saved is None:
        return make(project, quick=quick)
    if saved.content["preview"] or saved.today > project.today:
        raise Refused("this plan is a preview of another day", advice="make one of today with: servanda plan")
    if project.now - saved.made_at > LIFE:
        raise Refused(f"this plan is of {saved.made_at:%Y-%m-%d %H:%M}, over 24 hours old", advice=_ANEW)
    plan = make(project, on=saved.today, quick=bool(saved.content["quick"]))
    difference = saved.pins.difference(plan.pins)
    if difference:
        raise Refused(f"this plan is stale: {difference}", advice=_ANEW)
    counted = saved.rows()
    if set(counted) != {s.id for s in plan.steps}:
        raise Refused("this plan is stale: its steps changed since", advice=_ANEW)
    grown = next((s for s in plan.steps if exceeds_plan(s.rows, counted[s.id])), None)
    if grown is not None:
        raise Refused(
            f"{grown.place}: {grown.rows} rows are due now, {counted[grown.id]} were planned", advice=_ANEW
        )
    return plan


_ANEW = "make a new one with: servanda plan"


def _remaining(plan: Plan, step: str) -> int | None:
    return next((s.rows for s in plan.steps if s.id == step), None)
