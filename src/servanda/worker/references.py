"""Letters that plans put down by reference: whom they are for is read from the store when they are sent.

A warning of inactivity names a promise and the key of an account; the address is looked up here, once, and
lies sealed in the outbox from then on. Who has no address any more is noted, and not written to.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from servanda.database import moment, tables
from servanda.plan.load import key_of
from servanda.post.letter import Letter, put
from servanda.rights.case import Company
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.sql.archive_table import database


def move(company: Company, officer: str) -> int:
    """Put the letters that wait by reference into the outbox. Returns how many."""
    letter = tables.letter
    with company.db.read() as connection:
        rows = connection.execute(
            sa.select(letter).where(letter.c.sent_at.is_(None)).order_by(letter.c.id)
        ).all()
    moved = 0
    for row in rows:
        found = _letter(company, row, officer)
        with company.db.begin() as connection:
            same = sa.and_(letter.c.id == row.id, letter.c.sent_at.is_(None))
            done = sa.update(letter).where(same).values(sent_at=moment(company.now))
            if not connection.execute(done).rowcount:
                continue
            if found is None:
                body = {"letter": row.id, "kind": row.kind, "why": "no address is known"}
                company.ledger.append_in(connection, "letter.refused", body)
                continue
            put(connection, company.vault, company.vault.new_key(), found)
            moved += 1
    return moved


def _letter(company: Company, row: Any, officer: str) -> Letter | None:
    if row.kind != "inactivity":
        return Letter(row.kind, row.language, officer, {"plan": row.place})
    place = company.found.binding.places.get(row.place)
    address = _address(company, place, row.parent_key) if place is not None else None
    if place is None or address is None:
        return None
    return Letter(row.kind, row.language, address, {"ends": _ends(company, row).isoformat()})


def _address(company: Company, place: BoundPlace, key: str) -> str | None:
    """The e-mail address in a row of persons."""
    column = place.place.identifiers.get("email")
    if column is None or place.store not in company.found.sessions:
        return None
    session = database(company.found.sessions[place.store])
    row: Any = session.table_of(place.table.name)
    wanted = [row.c[c] == v for c, v in zip(place.table.key, key_of(key), strict=True)]
    found = session.first(sa.select(row.c[column]).select_from(row).where(*wanted))
    return str(found[0]) if found is not None and found[0] and "@" in str(found[0]) else None


def _ends(company: Company, row: Any) -> date:
    """The day on which the account ends: as long after the letter as the policy promises."""
    made = datetime.fromisoformat(row.made_at).date()
    for promise, retention in company.policy.retentions():
        if promise.id == row.promise and retention.warn_before is not None:
            return made + retention.warn_before
    return made
