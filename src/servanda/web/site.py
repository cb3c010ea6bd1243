"""What every page needs: the project, opened once; the visitor's language; the time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from servanda.database import Database
from servanda.ledger import Ledger
from servanda.locale import LANGUAGES
from servanda.policy.policy import Policy, load_policy
from servanda.rights.case import Company
from servanda.rights.record.requests import Requests, local_day
from servanda.stores.document.company import Mail
from servanda.stores.document.document import Stores, load_stores
from servanda.vault import Vault
from servanda.worker.worker import Worker


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Site:
    """A project behind its pages. The documents are read again when their files change."""

    folder: Path
    db: Database
    vault: Vault
    ledger: Ledger
    now: Callable[[], datetime] = _now
    _read: dict[str, tuple[int, Policy | Stores]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, db: Database) -> Site:
        """The site of a project. Raises VaultError where it has no keys."""
        vault = Vault.open(db)
        return cls(folder, db, vault, Ledger(db, vault))

    @property
    def policy(self) -> Policy:
        """The policy as its file is now."""
        found = self._latest("policy.yaml", load_policy)
        assert isinstance(found, Policy)
        return found

    @property
    def stores(self) -> Stores:
        """The stores document as its file is now."""
        found = self._latest("stores.yaml", load_stores)
        assert isinstance(found, Stores)
        return found

    @property
    def mail(self) -> Mail:
        """How letters leave the company."""
        return self.stores.mail or Mail()

    @property
    def today(self) -> date:
        """The company's calendar day."""
        return local_day(self.now(), self.policy.timezone)

    @property
    def requests(self) -> Requests:
        """The requests, as they stand today."""
        return Requests(self.db, self.vault, self.ledger, self.policy, self.today)

    @property
    def languages(self) -> list[str]:
        """The languages of the pages: those of the policy that have sentences, its first one first."""
        known = [language for language in self.policy.languages if language in LANGUAGES]
        return known + [language for language in LANGUAGES if language not in known]

    def company(self) -> AbstractContextManager[Company]:
        """The company with its stores open, for one page of somebody who is signed in."""
        worker = Worker(self.folder, self.db, self.vault, self.now)
        return worker.company(self.policy, self.stores)

    def _latest(self, name: str, load: Callable[[Path], Policy | Stores]) -> Policy | Stores:
        path = self.folder / name
        changed = path.stat().st_mtime_ns
        if name not in self._read or self._read[name][0] != changed:
            self._read[name] = (changed, load(path))
        return self._read[name][1]
