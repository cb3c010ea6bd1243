"""Rewrites the tables in which rows were deleted or emptied since the last scrub of each."""

from __future__ import annotations

from collections.abc import Sequence

from servanda.apply.options import Listener, Outcome
from servanda.errors import StoreError
from servanda.ledger import Ledger
from servanda.plan.unscrubbed import SCRUBBED, unscrubbed
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.verbs import Scrubbed


def scrub(stores: OpenStores, ledger: Ledger, outcome: Outcome, listener: Listener) -> None:
    """Scrub every store with unscrubbed places; the ledger records each table, or why it was not rewritten."""
    waiting = [stores.binding.places[name] for name in unscrubbed(ledger) if name in stores.binding.places]
    for store in sorted({place.store for place in waiting}):
        places = [place for place in waiting if place.store == store]
        tables = list(dict.fromkeys(place.table.name for place in places))
        done: list[Scrubbed] = []
        try:
            for table in stores.sessions[store].store.scrub(tables):
                done.append(table)
                if table.before:
                    listener.said(f"{store}: {table.table} {'not ' if table.refused else ''}written anew")
        except StoreError as error:
            done += [Scrubbed(t, refused=error.message) for t in tables if t not in {d.table for d in done}]
            listener.said(f"{store}: not scrubbed: {error.message}")
        _record(ledger, store, places, done, outcome)
    ledger.checkpoint()


def _record(
    ledger: Ledger, store: str, places: Sequence[BoundPlace], done: Sequence[Scrubbed], outcome: Outcome
) -> None:
    good = {d.table for d in done if not d.refused}
    body = {
        "run": outcome.run,
        "store": store,
        "places": [p.name for p in places if p.table.name in good],
        "tables": [{"table": d.table, "before": d.before, "after": d.after} for d in done if not d.refused],
        "refused": {d.table: d.refused for d in done if d.refused},
    }
    entry = ledger.append(SCRUBBED, body)
    outcome.scrubbed += [d for d in done if not d.refused]
    outcome.unscrubbed |= {f"{store}.{d.table}": d.refused for d in done if d.refused}
    outcome.entry = entry.number
