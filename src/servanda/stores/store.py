"""What a store is, whatever its kind; a kind registers itself under its URL schemes.

    kind = one file of this folder: `@kind("sqlite")` on a class that is made of a name,
    an address and the settings of stores.yaml, and that can read its own shape

What a store cannot do, it says: `can` names the verbs it has.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from servanda.errors import StoreError
from servanda.stores.document import StoreEntry
from servanda.stores.settings import Settings

if TYPE_CHECKING:
    from servanda.stores.sql import SqlStore

_SCHEMES = {
    "sqlite": "sqlite",
    "postgresql": "postgres",
    "postgres": "postgres",
    "mariadb": "mariadb",
    "mysql": "mariadb",
}
"""Which file of this folder knows a URL scheme; only that one is loaded."""

_KINDS: dict[str, type[SqlStore]] = {}
Kind = TypeVar("Kind", bound="type[SqlStore]")


def kind(name: str) -> Callable[[Kind], Kind]:
    """Register a kind of store."""

    def register(cls: Kind) -> Kind:
        _KINDS[name] = cls
        return cls

    return register


def open_store(name: str, address: str, settings: Settings) -> SqlStore:
    """Open a store by its URL; nothing is read yet. Raises StoreError for a scheme that nobody knows."""
    scheme = re.split(r"[:+]", address, maxsplit=1)[0].lower()
    if scheme not in _SCHEMES:
        known = ", ".join(sorted(_SCHEMES))
        raise StoreError(f"store “{name}”: nobody knows the URL scheme “{scheme}”", advice=f"known: {known}")
    file = _SCHEMES[scheme]
    importlib.import_module(f"servanda.stores.{file}")
    return _KINDS[file](name, address, settings)


def open_entry(name: str, entry: StoreEntry, folder: Path, zone: str, *, write: bool = False) -> SqlStore:
    """Open a store of the stores document. Raises VaultError where a variable of its URL is not set."""
    settings = Settings(zone, entry.timezone, entry.db_schema, entry.page, entry.lock_timeout)
    return open_store(name, entry.address(folder, write=write), settings)
