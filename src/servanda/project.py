"""The project in a folder: its documents, database, keys, ledger, holds, stores and clock, in one context.

    project = Project(folder)                  everything is loaded lazily
    with project.open_stores() as project:     the same project at one instant, with its stores open
        project.stores.binding …

The command line, the web, the worker, the rights and the promises all take a `Project`. Documents are reloaded when
their files change, so that a server need not be restarted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from servanda.errors import ServandaError

if TYPE_CHECKING:  # `servanda --help` loads no database, and `check --no-stores` no SQL
    from servanda.database import Database
    from servanda.ledger import Ledger
    from servanda.persons.holds import Holds
    from servanda.policy.policy import Policy
    from servanda.stores.binding.open_stores import OpenStores
    from servanda.stores.document.company import Mail
    from servanda.stores.document.document import StoresDocument
    from servanda.vault import Vault


def utc_now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


class Project:
    """A folder with policy.yaml and stores.yaml. `clock` returns the current time; tests pass another one.

    Pass `database` and `vault` if they are open already; they are then not closed here.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        database: Database | None = None,
        vault: Vault | None = None,
    ) -> None:
        self.folder = folder
        self.clock = clock
        self._database, self._vault = database, vault
        self._own_database: Database | None = None
        self._documents: dict[str, tuple[int, Any]] = {}
        self._stores: OpenStores | None = None
        self._parent: Project | None = None
        self._ledger: Ledger | None = None
        self._ledger_ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own_database is not None:
            self._own_database.close()

    @property
    def plans(self) -> Path:
        """Where plans are saved."""
        return self.folder / "plans"

    # -- the clock -----------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The current time; fixed once the stores are open."""
        return self.clock()

    @property
    def keeps_machine_time(self) -> bool:
        """Whether the time is that of the machine's clock, and not one that was passed in."""
        return self._parent.keeps_machine_time if self._parent is not None else self.clock is utc_now

    @property
    def today(self) -> date:
        """The company's local date."""
        return self.local(self.now).date()

    def local(self, at: datetime) -> datetime:
        """A time in the company's time zone."""
        return at.astimezone(ZoneInfo(self.policy.timezone))

    # -- the documents -------------------------------------------------------------------------

    @property
    def policy(self) -> Policy:
        """The policy in its current file; once the stores are open, the one that they are bound to.

        Raises PolicyError if it is invalid.
        """
        if self._stores is not None:
            return self._stores.binding.policy
        from servanda.policy.policy import load_policy

        return self._latest("policy.yaml", load_policy)  # type: ignore[no-any-return]

    @property
    def stores_document(self) -> StoresDocument:
        """The stores document, in the same way as `policy`. Raises PolicyError if it is invalid."""
        if self._stores is not None:
            return self._stores.binding.document
        from servanda.stores.document.document import load_stores

        return self._latest("stores.yaml", load_stores)  # type: ignore[no-any-return]

    @property
    def mail(self) -> Mail:
        """How letters are sent."""
        from servanda.stores.document.company import Mail

        return self.stores_document.mail or Mail()

    def _latest(self, name: str, load: Callable[[Path], Any]) -> Any:
        path = self.folder / name
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return load(path)  # which says what is wrong with it
        if name not in self._documents or self._documents[name][0] != changed:
            self._documents[name] = (changed, load(path))
        return self._documents[name][1]

    def require(self) -> None:
        """Check that this is the folder of a project, since an empty ledger would verify anywhere.

        Raises ServandaError if there is neither a stores document nor a database.
        """
        if self._database is None and not any(
            (self.folder / name).exists() for name in ("stores.yaml", "servanda.db")
        ):
            raise ServandaError(
                f"there is no project in {self.folder}: neither stores.yaml nor servanda.db",
                advice="name its folder with servanda -C DIR; "
                "or begin one: servanda init URL, then servanda keys init",
            )

    # -- Servanda's own database ---------------------------------------------------------------

    @property
    def database(self) -> Database:
        """Servanda's own database; opened and migrated on first use."""
        if self._parent is not None:
            return self._parent.database
        if self._database is None:
            from servanda.database import Database

            document = (self.folder / "stores.yaml").exists()
            url = self.stores_document.own_address() if document else None
            self._database = self._own_database = Database.open(url, self.folder)
        if not self._ledger_ready:
            from servanda.ledger import Ledger

            Ledger(self._database)  # it gets its name now, outside of any transaction that appends
            self._ledger_ready = True
        return self._database

    @property
    def vault(self) -> Vault:
        """The vault. Raises VaultError if it was not created yet."""
        if self._parent is not None:
            return self._parent.vault
        if self._vault is None:
            from servanda.vault import Vault

            self.require()
            self._vault = Vault.open(self.database)
        return self._vault

    @property
    def vault_if_any(self) -> Vault | None:
        """The vault; None if it was not created yet."""
        return self.vault if self.database.setting("vault") is not None else None

    @property
    def ledger(self) -> Ledger:
        """The ledger; it signs its entries if there is a vault."""
        if self._parent is not None:
            return self._parent.ledger
        if self._ledger is None:
            self.require()
        vault = self.vault_if_any
        if self._ledger is None or (vault is not None and not self._ledger.signs):
            from servanda.ledger import Ledger

            self._ledger = Ledger(self.database, vault)
        return self._ledger

    @property
    def holds(self) -> Holds:
        """The holds."""
        from servanda.persons.holds import Holds

        return Holds(self.database, self.vault_if_any, self.ledger)

    # -- the stores ----------------------------------------------------------------------------

    @property
    def stores(self) -> OpenStores:
        """The open stores. Raises RuntimeError outside of `open_stores`."""
        if self._stores is None:
            raise RuntimeError("the stores of this project are not open")
        return self._stores

    @contextmanager
    def open_stores(self, *, write: bool = False, tolerant: bool = False) -> Iterator[Project]:
        """This project at one instant, with every store open; with `tolerant`, those that answer.

        Raises StoreDown for the first store that does not answer, unless `tolerant`.
        """
        from servanda.stores.binding.open_stores import open_stores

        now = self.now
        with open_stores(
            self.policy, self.stores_document, self.folder, write=write, tolerant=tolerant
        ) as stores:
            yield self.with_stores(stores, now)

    def with_stores(self, stores: OpenStores, now: datetime) -> Project:
        """This project at one instant, with these stores open."""
        opened = Project(self.folder, clock=lambda: now)
        opened._parent, opened._stores = self, stores
        return opened
