"""Letters to persons whose account is about to end through inactivity.

A warning is valid only while the person stays inactive. If they become active again it is deleted, and they
are warned again before the next end.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from servanda.database import moment, tables
from servanda.database import put as put_rows
from servanda.plan.load import key_text
from servanda.plan.plan import Step
from servanda.post.outbox import OFFICER, Letter, RowAddress, put, put_all
from servanda.project import Project
from servanda.stores.selection import All, Not, Reaches
from servanda.stores.sql.session import mark_text


def warn(project: Project, step: Step) -> int:
    """Put one letter for each person of a step into the outbox. Returns the number of letters."""
    stores, policy, vault = project.stores, project.policy, project.vault
    place, session = stores.binding.places[step.place], stores.sessions[step.store]
    assert step.condition is not None
    untold = session.keys(step.table, step.condition, f"told_{place.short}")
    if not untold:
        return 0
    keys = [key_text(key) for *key, _ in untold]
    marks = [mark_text(mark) for *_, mark in untold]
    ends = {"ends": _end_day(project, step).isoformat()}
    letters = [Letter("inactivity", policy.languages[0], RowAddress(place.name, key), ends) for key in keys]
    warned: dict[str, Any] = {
        "promise": step.promises[0],
        "place": place.name,
        "warned_at": moment(project.now),
    }
    key_id = vault.new_key()
    with project.database.begin() as connection:
        rows = [warned | {"parent_key": key, "mark": m} for key, m in zip(keys, marks, strict=True)]
        put_rows(connection, tables.warned, rows)
        put_all(connection, vault, key_id, letters)
    return len(keys)


def _end_day(project: Project, step: Step) -> date:
    """The day on which the accounts end: today plus the `warn_before` of the policy."""
    for promise, retention in project.policy.retentions():
        if promise.id == step.promises[0] and retention.warn_before is not None:
            return project.today + retention.warn_before
    return project.today


def notify_officer(project: Project, plan: str) -> None:
    """Put a letter to the data protection officer into the outbox: a plan over its limits needs a decision."""
    letter = Letter("plan-over-limit", project.policy.languages[0], OFFICER, {"plan": plan})
    key_id = project.vault.new_key()
    with project.database.begin() as connection:
        put(connection, project.vault, key_id, letter)


def forget(project: Project, step: Step) -> int:
    """Delete the warnings of persons who became active again. Returns the number of warnings."""
    stores, db = project.stores, project.database
    place, session = stores.binding.places[step.place], stores.sessions[step.store]
    warned_at_all = Reaches((), place.table.key, f"told_{place.short}")
    assert isinstance(step.condition, All)
    still = tuple(p for p in step.condition.parts if p != Not(warned_at_all))
    inactive = {key_text(k) for k in session.keys(step.table, All((*still, warned_at_all)))}
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
