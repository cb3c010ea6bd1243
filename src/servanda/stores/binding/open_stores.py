"""The stores of a project, opened: one session each, their shapes, and the places bound to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from servanda.errors import StoreDown, StoreError
from servanda.policy.policy import Policy
from servanda.stores.binding.binding import Binding, BoundPlace, Complaint, bind
from servanda.stores.binding.obstacles import copy_complaints, unnamed_complaints
from servanda.stores.document.document import StoresDocument
from servanda.stores.selection import Bound, GreatestTime, LatestTime, OwnTime, ParentTime, ParentTrigger
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


def _learn(found: Session, table: str, trigger: Bound) -> None:
    """See in which form the texts of a trigger are written."""
    match trigger:
        case OwnTime(time):
            found.learn_forms(table, [time])
        case ParentTime(links, time):
            found.learn_forms(links[-1].to_table, [time])
        case ParentTrigger(links, inner):
            _learn(found, links[-1].to_table, inner)
        case LatestTime(link, time, fallback, _):
            found.learn_forms(link.table, [time])
            found.learn_forms(table, [fallback])
        case GreatestTime(parts):
            for part in parts:
                _learn(found, table, part)
