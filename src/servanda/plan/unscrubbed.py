"""Where deleted bytes may remain in the files of a store, according to the ledger.

A place is unscrubbed from the first row that was deleted or emptied after its last scrub. A page without an
outcome (a crash) counts as one that changed rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.actions import action
from servanda.ledger import Ledger
from servanda.ledger.entry import Entry

SCRUBBED = "store.scrubbed"
"""The kind of ledger entry that records a scrub."""


def scrubs(ledger: Ledger) -> dict[str, Entry]:
    """The newest scrub of each place."""
    found: dict[str, Entry] = {}
    for entry in ledger.entries(SCRUBBED):
        for place in (entry.body or {}).get("places", []):
            found[place] = entry
    return found


def unscrubbed(ledger: Ledger) -> dict[str, Entry]:
    """The places in which rows were deleted or emptied since their last scrub, each with the newest ledger entry."""
    last = scrubs(ledger)
    found: dict[str, Entry] = {}
    for place, entry in _ended(ledger):
        if place not in last or last[place].number < entry.number:
            found[place] = entry
    return found


def _ended(ledger: Ledger) -> Iterator[tuple[str, Entry]]:
    """Each place in which a run deleted or emptied rows, and the ledger entry."""
    open_: Entry | None = None
    for entry in ledger.entries("apply.begun"):
        if open_ is not None:
            yield from _of(ledger, open_, entry.number)
        open_ = entry
    if open_ is not None:
        yield from _of(ledger, open_, None)


def _of(ledger: Ledger, begun: Entry, until: int | None) -> Iterator[tuple[str, Entry]]:
    """The places that one run changed: from its last entry, or from its pages if it has none."""
    for entry in ledger.entries("apply.ended", after=begun.number):
        if until is not None and entry.number > until:
            break
        for step in (entry.body or {}).get("steps", []):
            if step["done"] and action(step["action"]).leaves_bytes:
                yield step["place"], entry
        return
    for entry in ledger.entries("page.intent", after=begun.number):
        if until is not None and entry.number > until:
            break
        yield str((entry.body or {})["place"]), entry
