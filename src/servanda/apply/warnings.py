"""Letters to persons whose account is about to end through inactivity.

A warning counts only while the person stays inactive: who became active again is
forgotten here, and is warned anew before the next end.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from servanda.database import Database, moment, tables
from servanda.plan.load import key_text
from servanda.plan.plan import Step
from servanda.stores.binding.opened import Opened
from servanda.stores.selection import All, Not, Reaches


def warn(db: Database, found: Opened, step: Step, at: datetime) -> int:
    """Put a letter for each person of a step into the outbox, once, dated `at`. Returns how many."""
    place, session = found.binding.places[step.place], found.sessions[step.store]
    assert step.condition is not None
    language = found.binding.policy.languages[0]
    promise, now = step.promises[0], moment(at)
    keys = session.keys(step.table, step.condition)
    with db.begin() as connection:
        for key in keys:
            text = key_text(key)
            row = {"promise": promise, "place": place.name, "parent_key": text, "warned_at": now}
            connection.execute(sa.insert(tables.warned).values(row))
            _letter(connection, "inactivity", language, promise, place.name, text)
    return len(keys)


def tell_officer(db: Database, language: str, plan: str) -> None:
    """Put a letter to the data protection officer into the outbox: a plan waits for a person."""
    with db.begin() as connection:
        _letter(connection, "plan-over-limit", language, None, plan, None)


def _letter(
    connection: sa.Connection, kind: str, language: str, promise: str | None, place: str, key: str | None
) -> None:
    letter = tables.letter
    number = 1 + int(connection.execute(sa.select(sa.func.max(letter.c.id))).scalar() or 0)
    values = {"id": number, "kind": kind, "language": language, "promise": promise, "place": place}
    connection.execute(
        sa.insert(letter).values(values | {"parent_key": key, "made_at": moment(), "sent_at": None})
    )


def forget(db: Database, found: Opened, step: Step) -> int:
    """Forget the warnings of persons who became active again. Returns how many."""
    place, session = found.binding.places[step.place], found.sessions[step.store]
    told = Reaches((), place.table.key, f"told_{place.short}")
    assert isinstance(step.condition, All)
    still = tuple(p for p in step.condition.parts if p != Not(told))
    inactive = {key_text(k) for k in session.keys(step.table, All((*still, told)))}
    warned = tables.warned
    with db.begin() as connection:
        rows = (
            connection.execute(sa.select(warned.c.parent_key).where(warned.c.place == place.name))
            .scalars()
            .all()
        )
        gone = [text for text in rows if text not in inactive]
        for text in gone:
            same = sa.and_(warned.c.place == place.name, warned.c.parent_key == text)
            connection.execute(sa.delete(warned).where(same))
    return len(gone)
