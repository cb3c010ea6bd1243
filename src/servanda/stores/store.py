"""What a store is, whatever its kind; a kind registers itself under its URL schemes.

    kind = one file of this folder: `@kind("sqlite", session)` on a class that is made of a
    name, an address and the settings of stores.yaml, with how a session is opened

What a store cannot do, it says: `can` names the verbs it has.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from servanda.errors import StoreError
from servanda.stores.document import StoreEntry
from servanda.stores.settings import Settings
from servanda.stores.verbs import Session, Store

_SCHEMES = {
    "sqlite": "sqlite",
    "postgresql": "postgres",
    "postgres": "postgres",
    "mariadb": "mariadb",
    "mysql": "mariadb",
    "files": "files",
}
"""Which file of this folder knows a URL scheme; only that one is loaded."""

Opens = Callable[[Any], AbstractContextManager[Session]]
_KINDS: dict[str, tuple[Callable[[str, str, Settings], Store], Opens]] = {}
Kind = TypeVar("Kind", bound=Callable[[str, str, Settings], Store])


def kind(name: str, session: Opens) -> Callable[[Kind], Kind]:
    """Register a kind of store, and how a session with one is opened."""

    def register(cls: Kind) -> Kind:
        _KINDS[name] = (cls, session)
        return cls

    return register


def open_session(store: Store) -> AbstractContextManager[Session]:
    """Open a session with a store. Raises StoreDown where it does not answer."""
    return _KINDS[store.kind][1](store)


def open_store(name: str, address: str, settings: Settings) -> Store:
    """Open a store by its URL; nothing is read yet. Raises StoreError for a scheme that nobody knows."""
    scheme = re.split(r"[:+]", address, maxsplit=1)[0].lower()
    if scheme not in _SCHEMES:
        known = ", ".join(sorted(_SCHEMES))
        raise StoreError(f"store “{name}”: nobody knows the URL scheme “{scheme}”", advice=f"known: {known}")
    file = _SCHEMES[scheme]
    importlib.import_module(f"servanda.stores.{file}")
    return _KINDS[file][0](name, address, settings)


def open_entry(name: str, entry: StoreEntry, folder: Path, zone: str, *, write: bool = False) -> Store:
    """Open a store of the stores document. Raises VaultError where a variable of its URL is not set."""
    settings = Settings(zone, entry.timezone, entry.db_schema, entry.page, entry.lock_timeout, entry.places)
    return open_store(name, entry.address(folder, write=write), settings)
