"""Directives of people on their data after death: stored, replaced, revoked, carried out.

    given ──▶ replaced by a newer one, or revoked ──▶ nothing
      └─────▶ carried out, by whom the person charged, or by an heir

A wish is particular: it speaks of the data that this company holds, and is given with a consent
of its own; it can be changed or taken back at any time. Where nobody is charged, heirs ask for
what settling the estate takes, and for the death to be taken into account.

Law: LIL 85 I (directives, and who carries them out), II (without directives), III (heirs).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from servanda.database import tables
from servanda.errors import Refused
from servanda.persons import references
from servanda.project import Project

Fate = Literal["keep", "erase", "hand_over"]
"""What happens to the data: kept as promised, erased, or handed over."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants. `executor` is who carries it out, with a way to reach them; `words` are the person's."""

    fate: Fate
    executor: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Directive:
    """A wish with the days on which it was made, revoked, or carried out."""

    id: int
    wish: Wish
    made_on: date
    revoked_on: date | None
    carried_out_on: date | None

    @property
    def in_force(self) -> bool:
        """Whether it is neither revoked nor carried out."""
        return self.revoked_on is None and self.carried_out_on is None


class Directives:
    """The directives of a project."""

    def __init__(self, project: Project) -> None:
        self._db, self._vault, self._ledger = project.database, project.vault, project.ledger
        self._today = project.today

    def give(self, address: str, wish: Wish) -> Directive:
        """Store a wish; replaces the one in force."""
        key_id = self._vault.new_key()
        sealed = self._vault.seal(key_id, json.dumps(asdict(wish), ensure_ascii=False).encode())
        with self._db.begin() as connection:
            self._ledger.queue(connection)
            person = references.refer(connection, self._vault, "directive", address)
            self._revoke(connection, person)
            directive = tables.directive
            number = 1 + int(connection.execute(sa.select(sa.func.max(directive.c.id))).scalar() or 0)
            row = {"id": number, "person": person, "key_id": key_id, "sealed": sealed}
            connection.execute(sa.insert(directive).values(row | {"made_on": self._today.isoformat()}))
            body = {"directive": number, "person": person, "fate": wish.fate}
            self._ledger.append_in(connection, "directive.given", body)
        return Directive(number, wish, self._today, None, None)

    def revoke(self, address: str) -> bool:
        """Revoke the wish in force. Returns whether there was one."""
        with self._db.begin() as connection:
            person = references.find(connection, self._vault, "directive", address)
            return person is not None and self._revoke(connection, person)

    def _revoke(self, connection: sa.Connection, person: str) -> bool:
        """End what stands; its words go with their key once the transaction is committed."""
        directive = tables.directive
        in_force = sa.and_(
            directive.c.person == person,
            directive.c.revoked_on.is_(None),
            directive.c.carried_out_on.is_(None),
        )
        found = connection.execute(sa.select(directive.c.id).where(in_force)).scalars().all()
        for number in found:
            same = directive.c.id == number
            values = {"revoked_on": self._today.isoformat(), "sealed": ""}
            connection.execute(sa.update(directive).where(same).values(values))
            self._ledger.append_in(connection, "directive.revoked", {"directive": number})
        return bool(found)

    def of(self, address: str) -> Directive | None:
        """The directive of a person in force, if any; the access is recorded in the ledger."""
        directive = tables.directive
        with self._db.begin() as connection:
            person = references.find(connection, self._vault, "directive", address)
            if person is None:
                return None
            query = sa.select(directive).where(directive.c.person == person, directive.c.sealed != "")
            rows = [self._read(row) for row in connection.execute(query.order_by(directive.c.id))]
            found = next((row for row in reversed(rows) if row.in_force), None)
            if found is not None:
                self._ledger.append_in(connection, "directive.read", {"directive": found.id})
        return found

    def carry_out(self, number: int, proof: str) -> None:
        """Record that a directive was carried out; `proof` states how the death was proved.

        Raises Refused if it is not in force.
        """
        directive = tables.directive
        with self._db.begin() as connection:
            in_force = sa.and_(
                directive.c.id == number,
                directive.c.revoked_on.is_(None),
                directive.c.carried_out_on.is_(None),
            )
            done = sa.update(directive).where(in_force).values(carried_out_on=self._today.isoformat())
            if not connection.execute(done).rowcount:
                raise Refused(f"directive {number} does not stand: it was revoked, or carried out before")
            body = {"directive": number, "proof": proof}
            self._ledger.append_in(connection, "directive.carried-out", body)

    def _read(self, row: Any) -> Directive:
        wish = Wish(**json.loads(self._vault.open_sealed(row.key_id, row.sealed)))
        return Directive(
            row.id,
            wish,
            date.fromisoformat(row.made_on),
            date.fromisoformat(row.revoked_on) if row.revoked_on else None,
            date.fromisoformat(row.carried_out_on) if row.carried_out_on else None,
        )
