"""Holds: data that must not be deleted or emptied while a case or an order runs.

    placed --> (review date passed: a finding) --> lifted, or its end date passed

A hold stops the action, not the clock: rows that became due under it are due the day after it ends. Placing a
hold raises the hold epoch. `apply` opens each page under the epoch whose holds it has loaded, and `place` returns
only when no page of an older epoch is open: a confirmed hold is always respected.

Scope, case, reason and author are sealed under a key of the hold and end with it.
Law: GDPR 17(3)(e) legal claims, 18 restriction, 6(1)(c) an authority's order.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from servanda.database import Database, moment, tables
from servanda.errors import Refused, ServandaError
from servanda.ledger import Ledger
from servanda.stores.key import from_plain, to_plain
from servanda.vault import Vault

HoldKind = Literal["litigation", "order", "restriction"]
Operator = Literal["=", "<", "<=", ">", ">="]
Value = str | int
EPOCH, LIFTED = "hold-epoch", "holds-lifted"


@dataclass(frozen=True, slots=True)
class HeldPerson:
    """Every row of one person, by the key of the row that stands for them."""

    place: str
    key: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class HeldRows:
    """The rows of one place with a condition, such as invoices.customer = 42."""

    place: str
    column: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold. `ends_on` is its last day, `review_on` the day by which somebody reviews it."""

    id: int
    kind: str
    case: str
    reason: str
    author: str
    scope: tuple[HeldPerson | HeldRows, ...]
    placed_at: str
    review_on: date
    ends_on: date | None
    lifted_at: str | None
    epoch: int

    def runs(self, today: date) -> bool:
        """Whether the hold is in force today."""
        return self.lifted_at is None and (self.ends_on is None or self.ends_on >= today)

    def unreviewed(self, today: date) -> bool:
        """Whether its review date has passed."""
        return self.runs(today) and self.review_on < today


class Holds:
    """The holds of a project."""

    def __init__(self, db: Database, vault: Vault | None, ledger: Ledger) -> None:
        self._db, self._vault, self._ledger = db, vault, ledger

    def epoch(self) -> int:
        """The hold epoch: how many times a hold was placed or lifted."""
        return int(self._db.setting(EPOCH) or 0)

    def lifted(self, today: date) -> int:
        """The number of holds lifted or ended by a day; if it changes, older watermarks are invalid."""
        with self._db.read() as connection:
            past = sa.select(sa.func.count()).select_from(tables.hold)
            over = tables.hold.c.ends_on < today.isoformat()
            past = past.where(sa.or_(tables.hold.c.lifted_at.is_not(None), over))
            return int(connection.execute(past).scalar_one())

    def place(
        self,
        kind: HoldKind,
        scope: tuple[HeldPerson | HeldRows, ...],
        *,
        case: str,
        reason: str,
        author: str,
        review_on: date,
        ends_on: date | None = None,
        wait: float = 600.0,
    ) -> Hold:
        """Place a hold; returns when no page is open that started without it.

        Raises Refused for an order without an end, a review in the past, or a page still open after `wait` seconds;
        in the last case the hold is placed.
        """
        if kind == "order" and ends_on is None:
            raise Refused("an authority's order has an end date", advice="give it with --until 2027-06-30")
        if review_on < date.today():  # noqa: DTZ011 (the day of whoever types it)
            raise Refused(f"the review date {review_on} has passed", advice="choose a day in the future")
        vault = self._open_vault()
        key_id = vault.new_key()
        secret = {"case": case, "reason": reason, "author": author, "scope": [_to_json(s) for s in scope]}
        sealed = vault.seal(key_id, json.dumps(secret).encode())
        placed_at = moment()
        with self._db.begin() as connection:
            epoch = _raise_epoch(connection)
            number = 1 + int(connection.execute(sa.select(sa.func.max(tables.hold.c.id))).scalar() or 0)
            connection.execute(
                sa.insert(tables.hold).values(
                    id=number,
                    kind=kind,
                    key_id=key_id,
                    sealed=sealed,
                    placed_at=placed_at,
                    review_on=review_on.isoformat(),
                    ends_on=ends_on.isoformat() if ends_on else None,
                    lifted_at=None,
                    epoch=epoch,
                )
            )
            body = {"hold": number, "kind": kind, "epoch": epoch, "review_on": review_on.isoformat()}
            if ends_on:
                body["ends_on"] = ends_on.isoformat()
            self._ledger.append_in(connection, "hold.placed", body)
        self._wait_for_older_pages(epoch, wait)
        found = self.find(number)
        assert found is not None
        return found

    def lift(self, number: int) -> Hold:
        """Lift a hold; overdue rows are due again from the next plan on. Raises ServandaError if it is unknown."""
        hold = self.find(number)
        if hold is None:
            raise ServandaError(f"there is no hold {number}", advice="see them with: servanda hold list")
        if hold.lifted_at is not None:
            raise Refused(f"hold {number} was lifted on {hold.lifted_at[:10]}")
        with self._db.begin() as connection:
            epoch = _raise_epoch(connection)
            same = tables.hold.c.id == number
            connection.execute(sa.update(tables.hold).where(same).values(lifted_at=moment(), epoch=epoch))
            self._ledger.append_in(connection, "hold.lifted", {"hold": number, "epoch": epoch})
        found = self.find(number)
        assert found is not None
        return found

    def end_on(self, number: int, day: date) -> None:
        """Set the last day of a hold."""
        with self._db.begin() as connection:
            same = tables.hold.c.id == number
            connection.execute(sa.update(tables.hold).where(same).values(ends_on=day.isoformat()))
            self._ledger.append_in(connection, "hold.ends", {"hold": number, "ends_on": day.isoformat()})

    def find(self, number: int) -> Hold | None:
        """The hold with this number, if any."""
        return next((h for h in self.all() if h.id == number), None)

    def all(self) -> list[Hold]:
        """Every hold ever placed, oldest first. Raises VaultError if the key of one is missing."""
        with self._db.read() as connection:
            rows = connection.execute(sa.select(tables.hold).order_by(tables.hold.c.id)).mappings().all()
        return [self._read(row) for row in rows]

    def running(self, today: date) -> list[Hold]:
        """The holds in force today."""
        return [h for h in self.all() if h.runs(today)]

    def _read(self, row: Any) -> Hold:
        secret = json.loads(self._open_vault().open_sealed(row["key_id"], row["sealed"]))
        return Hold(
            id=row["id"],
            kind=row["kind"],
            case=secret["case"],
            reason=secret["reason"],
            author=secret["author"],
            scope=tuple(_from_json(s) for s in secret["scope"]),
            placed_at=row["placed_at"],
            review_on=date.fromisoformat(row["review_on"]),
            ends_on=date.fromisoformat(row["ends_on"]) if row["ends_on"] else None,
            lifted_at=row["lifted_at"],
            epoch=row["epoch"],
        )

    def _open_vault(self) -> Vault:
        return self._vault if self._vault is not None else Vault.open(self._db)

    def _wait_for_older_pages(self, epoch: int, wait: float) -> None:
        """Wait until no page of an older epoch is open, or no apply is running. Raises Refused after `wait` seconds."""
        until = time.monotonic() + wait
        while self._open_pages(epoch):
            try:
                with self._db.exclusive("apply"):
                    return  # no apply is running: the open pages are of a crashed process
            except Refused:
                pass
            if time.monotonic() > until:
                raise Refused(
                    "the hold is placed, but an apply has not yet finished the page that it had begun",
                    advice="ask again with: servanda hold show",
                )
            time.sleep(0.02)

    def _open_pages(self, epoch: int) -> int:
        page = tables.page
        query = (
            sa.select(sa.func.count())
            .select_from(page)
            .where(page.c.closed_at.is_(None), page.c.epoch < epoch)
        )
        with self._db.read() as connection:
            return int(connection.execute(query).scalar_one())


def _raise_epoch(connection: sa.Connection) -> int:
    from servanda.database import put

    setting = tables.setting
    old = connection.execute(sa.select(setting.c.value).where(setting.c.name == EPOCH)).scalar()
    epoch = int(old or 0) + 1
    put(connection, setting, {"name": EPOCH, "value": str(epoch)})
    return epoch


def _to_json(scope: HeldPerson | HeldRows) -> dict[str, Any]:
    if isinstance(scope, HeldPerson):
        return {"place": scope.place, "key": to_plain(scope.key)}
    return asdict(scope)


def _from_json(found: dict[str, Any]) -> HeldPerson | HeldRows:
    if "key" in found:
        return HeldPerson(found["place"], from_plain(found["key"]))
    return HeldRows(**found)
