"""The state of each promise; the command line and the web only ask here.

Each room brings the keepers of its kinds. What no keeper keeps stands as *not yet*, with
what it needs: never as kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.errors import LedgerError
from servanda.ledger import Ledger, verify_proof
from servanda.ledger.entry import Entry
from servanda.plan import promise_status as sweep
from servanda.plan.archive.overview import overview
from servanda.plan.archiving import archivings
from servanda.plan.make import make
from servanda.plan.promise_status import RetentionEvidence, latest_entries
from servanda.policy.promise import Promise
from servanda.policy.promise_status import PromiseStatus
from servanda.project import Project
from servanda.rights import promise_status as rights
from servanda.rights import rehearsal
from servanda.rights.record.requests import Requests
from servanda.rules import View
from servanda.rules.compare import by_assertion, check
from servanda.rules.compare.comparison import Comparison
from servanda.stores.binding.open_stores import OpenStores

Keeper = Callable[[RetentionEvidence, Promise], PromiseStatus]
KEEPERS: dict[str, Keeper] = {**sweep.KEEPERS}
"""By kind of promise; later rooms add theirs."""

_NEEDS = {
    "check": "needs to say what is compared: checked: in policy.yaml",
    "workflow": "needs the desk, where people work requests, of a later version",
    "attest": "needs a dated statement with an owner, which a later version records",
}
_ENFORCE = {
    "access-trace": "needs traces of access, sent by the application",
    "backup": "needs the backup’s own expiry, by a probe",
    "clearance": "needs the clearances of a later version",
    "communication": "needs the consent record of a later version, or evidence from the mailer",
    "consent": "needs the consent record of a later version",
    "cookie": "needs the banner of a later version",
    "minors": "needs evidence from the sign-up form",
    "register": "needs the register of a later version",
    "role-as-processor": "needs instructions of the customer, or evidence from the application",
    "security": "needs evidence from the application",
    "sub-processor": "needs the consent record of a later version",
    "version+notice": "needs the notices of a later version",
}


def statuses(project: Project) -> list[PromiseStatus]:
    """How every promise stands now, in the order of the policy. Stores that are down make at_risk."""
    ledger, db, stores = project.ledger, project.database, project.stores
    plan, holds = make(project), tuple(project.holds.running(project.today))
    proofs: dict[int, bool] = {}

    def provable(entry: Entry) -> bool:
        if entry.number not in proofs:
            proofs[entry.number] = _provable(ledger, entry)
        return proofs[entry.number]

    archived = overview(project.stores_document, db, _known_by(stores))
    retention = RetentionEvidence(project, plan, ledger, holds, latest_entries(ledger), provable, archived)
    overdue = tuple(a.request for a in plan.asked if a.request is not None and (a.due or a.why_not))
    requests = _requests(project, ledger, provable, overdue)
    evidence, now = _evidence(db), project.now
    view = View(project.policy, project.today, stores.binding, stores.sessions, holds)
    comparison = Comparison(view, tuple(sorted(stores.down)))
    return [
        check.status_of(comparison, promise, now)
        if promise.checked
        else by_assertion.status_of(comparison, promise, now)
        or rights.status_of(requests, promise)
        or _standing(retention, promise, evidence)
        for promise in project.policy.promises
    ]


def _requests(
    project: Project, ledger: Ledger, provable: Callable[[Entry], bool], overdue: tuple[int, ...]
) -> rights.RequestEvidence:
    """How requests went."""
    served, requests = project.database.setting("served-at"), Requests(project)
    return rights.RequestEvidence(
        tuple(requests.all()), requests.calendar, project.now, project.today, ledger.last(rehearsal.ENTRY),
        datetime.fromisoformat(served) if served else None, provable,
        tuple(p.name for p in project.stores.binding.places.values() if p.place.editable),
        overdue,
    )  # fmt: skip


def _known_by(stores: OpenStores) -> dict[tuple[str, str], str]:
    """For each place and promise that archives, the promise by which its rows are known."""
    each = [a for place in stores.binding.places.values() for a in archivings(place)]
    return {(a.place.name, promise.id): a.promise for a in each for promise in a.promises}


def _standing(
    retention: RetentionEvidence, promise: Promise, evidence: dict[str, tuple[datetime, int]]
) -> PromiseStatus:
    if promise.keep == "enforce" and promise.kind in KEEPERS:
        return KEEPERS[promise.kind](retention, promise)
    sent = evidence.get(promise.id)
    if promise.keep == "enforce" and sent is not None:
        at, number = sent
        young = at.date() + promise.within >= retention.now.date()
        if young and retention.provable(retention.ledger.get(number)):
            return PromiseStatus(promise, "kept", "the application", "it sent evidence", at, "", number)
        return PromiseStatus(promise, "at_risk", "the application", "its evidence is old", at, "", number)
    needs = (
        _ENFORCE.get(promise.kind, "needs a later version")
        if promise.keep == "enforce"
        else _NEEDS[promise.keep]
    )
    return PromiseStatus(promise, "not_yet", why=needs)


def _provable(ledger: Ledger, entry: Entry) -> bool:
    """Whether a proof of the entry, under a signed checkpoint, is accepted."""
    try:
        verify_proof(ledger.prove(entry.number), ledger.public_keys())
    except LedgerError:
        return False
    return True


def _evidence(db: Database) -> dict[str, tuple[datetime, int]]:
    """The newest evidence that applications sent for each promise."""
    kept = tables.evidence
    with db.read() as connection:
        rows = connection.execute(
            sa.select(kept.c.promise, kept.c.at, kept.c.entry).order_by(kept.c.id)
        ).all()
    return {promise: (datetime.fromisoformat(at), entry) for promise, at, entry in rows}
