"""The stores of a project, opened: one session each, their shapes, and the places bound to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from servanda.errors import StoreDown, StoreError
from servanda.policy.policy import Policy
from servanda.stores.binding.binding import Binding, BoundPlace, Complaint, bind
from servanda.stores.binding.obstacles import copy_complaints, unnamed_complaints
from servanda.stores.document.document import StoresDocument
from servanda.stores.selection import (
    Bound,
    GreatestTime,
    LatestTime,
    OwnTime,
    ParentTime,
    ParentTrigger,
    TimeColumn,
)
from servanda.stores.store import open_entry, open_session
from servanda.stores.verbs import Session


@dataclass(slots=True)
class OpenStores:
    """Open sessions by store, and the stores that did not answer."""

    binding: Binding
    sessions: dict[str, Session]
    down: dict[str, StoreDown] = field(default_factory=dict)

    def session_of(self, place: BoundPlace) -> Session:
        """The session of a place's store."""
        return self.sessions[place.store]

    def lend_secret(self, secret: bytes) -> None:
        """Give every store the key with which pseudonyms are made."""
        for session in self.sessions.values():
            session.store.secret = secret


@contextmanager
def open_stores(
    policy: Policy, document: StoresDocument, folder: Path, *, write: bool = False, tolerant: bool = False
) -> Iterator[OpenStores]:
    """Open every store. Raises StoreDown for the first that does not answer, unless `tolerant`."""
    with ExitStack() as stack:
        sessions: dict[str, Session] = {}
        down: dict[str, StoreDown] = {}
        for name, entry in document.stores.items():
            store = open_entry(name, entry, folder, policy.timezone, write=write)
            stack.callback(store.close)
            try:
                store.look_again()
                sessions[name] = stack.enter_context(open_session(store))
            except StoreDown as error:
                if not tolerant:
                    raise
                down[name] = error
        can = {name: s.store.dialect.verbs for name, s in sessions.items()}
        binding = bind(policy, document, {name: s.store.shape for name, s in sessions.items()}, can)
        _read_first_times(binding, sessions)
        for place in binding.places.values():
            binding.complaints += [*unnamed_complaints(binding, place), *copy_complaints(binding, place)]
            for label, trigger in place.triggers.items():
                try:
                    _learn(sessions[place.store], place.table.name, trigger)
                except StoreDown:
                    raise
                except StoreError as error:
                    at = document.source.spot(
                        ("stores", place.store, "places", place.short, "triggers", label)
                    )
                    complaint = Complaint("wrong-type", place.name, at, error.message, error.advice)
                    binding.complaints.append(complaint)
        yield OpenStores(binding, sessions, down)


def _read_first_times(binding: Binding, sessions: dict[str, Session]) -> None:
    """Read what tells the forms of all triggers of a store at once; what cannot be read so is read one by one."""
    for name, session in sessions.items():
        own = [p for p in binding.places.values() if p.store == name]
        every = [at for p in own for trigger in p.triggers.values() for at in _times(p.table.name, trigger)]
        with suppress(StoreError):
            session.read_first_times(every)


def _learn(found: Session, table: str, trigger: Bound) -> None:
    """See in which form the texts of a trigger are written."""
    for where, time in _times(table, trigger):
        found.learn_forms(where, [time])


def _times(table: str, trigger: Bound) -> Iterator[tuple[str, TimeColumn]]:
    """The columns of a trigger that tell a time, each with its table."""
    match trigger:
        case OwnTime(time):
            yield table, time
        case ParentTime(links, time):
            yield links[-1].to_table, time
        case ParentTrigger(links, inner):
            yield from _times(links[-1].to_table, inner)
        case LatestTime(link, time, fallback, _):
            yield link.table, time
            yield table, fallback
        case GreatestTime(parts):
            for part in parts:
                yield from _times(table, part)
