"""What a store is, whatever its kind; a kind registers itself under its URL schemes.

    SCHEMES = ("sqlite",)           in the kind's file, or in the __init__.py of its folder
    @kind("sqlite", session)        on a class that is made of a name, an address and the
                                    settings of stores.yaml, with how a session is opened

A kind is one file, or one folder with a file `store.py`, in `stores/` or `stores/sql/`.

What a store cannot do, it says: `can` names the verbs it has.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from servanda.errors import StoreError
from servanda.stores.document.document import StoreEntry
from servanda.stores.verbs import Session, Settings, Store

Opens = Callable[[Any], AbstractContextManager[Session]]
_KINDS: dict[str, tuple[Callable[[str, str, Settings], Store], Opens]] = {}
_NAMES: dict[str, str] = {}
_ROOMS = ("servanda.stores", "servanda.stores.sql")
Kind = TypeVar("Kind", bound=Callable[[str, str, Settings], Store])


def kind(name: str, session: Opens) -> Callable[[Kind], Kind]:
    """Register a kind of store, and how a session with one is opened."""

    def register(cls: Kind) -> Kind:
        _KINDS[name] = (cls, session)
        _NAMES[cls.__module__] = name
        return cls

    return register


def open_session(store: Store) -> AbstractContextManager[Session]:
    """Open a session with a store. Raises StoreDown where it does not answer."""
    return _KINDS[store.kind][1](store)


def open_store(name: str, address: str, settings: Settings) -> Store:
    """Open a store by its URL; nothing is read yet. Raises StoreError for a scheme that nobody knows."""
    scheme = re.split(r"[:+]", address, maxsplit=1)[0].lower()
    module = _module_of(scheme)
    if module is None:
        known = ", ".join(sorted(scheme for _, schemes in _declared() for scheme in schemes))
        raise StoreError(f"store “{name}”: nobody knows the URL scheme “{scheme}”", advice=f"known: {known}")
    importlib.import_module(module)
    return _KINDS[_NAMES[module]][0](name, address, settings)


def _module_of(scheme: str) -> str | None:
    """The module of the kind that declares a URL scheme, or None."""
    return next((module for module, schemes in _declared() if scheme in schemes), None)


def _declared() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every module of a kind with its schemes: folders first, so that no driver is loaded that nobody needs."""
    found = [
        (f"{room}.{file.name}", file.ispkg)
        for room in _ROOMS
        for file in pkgutil.iter_modules(importlib.import_module(room).__path__)
    ]
    for name, folder in sorted(found, key=lambda one: not one[1]):
        schemes = getattr(importlib.import_module(name), "SCHEMES", ())
        if schemes:
            yield (f"{name}.store" if folder else name), tuple(schemes)


def open_entry(name: str, entry: StoreEntry, folder: Path, zone: str, *, write: bool = False) -> Store:
    """Open a store of the stores document. Raises VaultError where a variable of its URL is not set."""
    settings = Settings(zone, entry.timezone, entry.db_schema, entry.page, entry.lock_timeout, entry.places)
    return open_store(name, entry.address(folder, write=write), settings)
