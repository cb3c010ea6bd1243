"""The project in a folder: its documents, its database, its keys, its stores; each opened when asked for."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from servanda.database import Database
    from servanda.ledger import Ledger
    from servanda.persons.holds import Holds
    from servanda.plan.count import Circumstances
    from servanda.policy.policy import Policy
    from servanda.stores.binding.opened import Opened
    from servanda.stores.document.document import Stores
    from servanda.vault import Vault


class Project:
    """A folder with policy.yaml and stores.yaml. Nothing is read before it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self._database: Database | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def plans(self) -> Path:
        """Where plans are saved."""
        return self.folder / "plans"

    @property
    def now(self) -> datetime:
        """The instant of the command."""
        return datetime.now(UTC)

    @cached_property
    def _policy(self) -> Policy:
        from servanda.policy.policy import load_policy

        return load_policy(self.folder / "policy.yaml")

    @cached_property
    def _stores(self) -> Stores:
        from servanda.stores.document.document import load_stores

        return load_stores(self.folder / "stores.yaml")

    def policy(self) -> Policy:
        """The current policy. Raises PolicyError where it cannot be used."""
        return self._policy

    def stores(self) -> Stores:
        """The stores document. Raises PolicyError where it cannot be used."""
        return self._stores

    def require(self) -> None:
        """Look whether this is the folder of a project; an empty ledger would verify anywhere.

        Raises ServandaError where there is neither a stores document nor a database.
        """
        from servanda.errors import ServandaError

        if not any((self.folder / name).exists() for name in ("stores.yaml", "servanda.db")):
            raise ServandaError(
                f"there is no project in {self.folder}: neither stores.yaml nor servanda.db",
                advice="name its folder with servanda -C DIR; "
                "or begin one: servanda init URL, then servanda keys init",
            )

    def database(self) -> Database:
        """Servanda's own database, brought forward."""
        from servanda.database import Database

        if self._database is None:
            has_document = (self.folder / "stores.yaml").exists()
            url = self.stores().own_address() if has_document else None
            self._database = self._stack.enter_context(Database.open(url, self.folder))
        return self._database

    def vault(self) -> Vault:
        """The keys. Raises VaultError where there are none."""
        from servanda.vault import Vault

        self.require()
        return Vault.open(self.database())

    def vault_if_any(self) -> Vault | None:
        """The keys, or None where none were made yet."""
        return self.vault() if self.database().setting("vault") is not None else None

    def ledger(self) -> Ledger:
        """The ledger; it signs where there are keys."""
        from servanda.ledger import Ledger

        self.require()
        return Ledger(self.database(), self.vault_if_any())

    def holds(self) -> Holds:
        """The holds."""
        from servanda.persons.holds import Holds

        return Holds(self.database(), self.vault_if_any(), self.ledger())

    def opened(self, *, write: bool = False, tolerant: bool = False) -> AbstractContextManager[Opened]:
        """Open every store."""
        from servanda.stores.binding.opened import opened

        return opened(self.policy(), self.stores(), self.folder, write=write, tolerant=tolerant)

    def circumstances(self) -> Circumstances:
        """The time and the holds of now."""
        from servanda.plan.count import Circumstances

        return Circumstances.of(self.holds(), self.now, self.policy().timezone)
