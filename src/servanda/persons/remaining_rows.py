"""The remaining rows (rests) of unfinished erasures, stored until they are erased, too.

    erased in part ─▶ stored: which rows, why, until when ─▶ reviewed ─▶ nothing is left: person notified, deleted

An erasure is unfinished while a hold, a restriction, a law or another owner keeps some of its rows. The keys of
those rows are sealed with the request. The reasons are stored in clear, since they name no one:

    law      the last day of a duty to keep
    hold     a hold or a restriction that is lifted
    shared   the other person of a shared row, who leaves

An erasure is reviewed when the day has come, when holds or documents have changed, and once a week.

Law: GDPR 17(1) without undue delay; 17(3) only "to the extent that" and for as long as it is necessary.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from servanda.database import Database, moment, put, tables
from servanda.persons.person import Person
from servanda.stores.key import from_plain, to_plain
from servanda.vault import Vault

Why = Literal["law", "hold", "shared"]
"""Why a row of an erased person stays."""
REVIEW_EVERY = timedelta(days=7)
"""How often each unfinished erasure is reviewed at least."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Rows, or fields of rows, that stay after an erasure: where, why, until which day.

    `columns` is empty if whole rows stay. `until` is None if no day is known: a hold without an end, a shared row.
    `promise`, `name`, `ground` and `article` name the law that keeps them, if one does.
    """

    place: str
    rows: int
    why: Why
    columns: tuple[str, ...] = ()
    until: date | None = None
    promise: str = ""
    name: str = ""
    ground: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The erasure of one person in one store, and what stays there; it is completed if `rests` is empty.

    `request` is the request behind it, if any; keys of rows are sealed under `key_id`. `only` limits it to some
    places. `human` are the rows that stand for the person, `rows` others that stay; both in memory only.
    """

    reference: str
    store: str
    request: int | None
    key_id: str
    rests: tuple[Rest, ...] = ()
    only: frozenset[str] | None = None
    human: tuple[Person, ...] = field(default=(), repr=False)
    rows: tuple[Person, ...] = field(default=(), repr=False)


# -- writing -------------------------------------------------------------------------------------


def begin(connection: sa.Connection, vault: Vault, erasures: Iterable[Unfinished], at: datetime) -> None:
    """Record erasures before their first change, so that they are reviewed even after a crash."""
    under_way = {"look_on": "", "held": 0, "shared": 0, "epoch": 0, "documents": "", "looked_at": moment(at)}
    put(connection, tables.erasure, [_erasure(vault, one) | under_way for one in erasures])


def settle(
    connection: sa.Connection,
    vault: Vault,
    erasures: Sequence[Unfinished],
    at: datetime,
    *,
    epoch: int,
    documents: str,
) -> None:
    """Store what stays after erasures or reviews; an erasure of which nothing stays is marked as ended.

    `epoch` is the version of the holds, `documents` the digest of the documents, under which was decided.
    """
    erasure, rest = tables.erasure, tables.rest
    for start in range(0, len(erasures), 500):
        batch = erasures[start : start + 500]
        mine = rest.c.reference.in_([one.reference for one in batch])
        connection.execute(sa.delete(rest).where(mine, rest.c.store.in_({one.store for one in batch})))
        done = [one.reference for one in batch if not one.rests]
        if done:
            ended = sa.update(erasure).where(erasure.c.reference.in_(done))
            ended = ended.where(erasure.c.store.in_({one.store for one in batch}))
            connection.execute(ended.values({"ended_at": moment(at), "sealed": ""}))
        left = [one for one in batch if one.rests]
        rows = [_erasure(vault, one) | _review_columns(one.rests, at, epoch, documents) for one in left]
        put(connection, erasure, rows)
        lines = [_row(one, i, line) for one in left for i, line in enumerate(one.rests)]
        if lines:
            connection.execute(sa.insert(rest), lines)


def _erasure(vault: Vault, one: Unfinished) -> dict[str, Any]:
    keys = [
        [[p.place, to_plain(p.key), p.content, p.identity] for p in human] for human in (one.human, one.rows)
    ]
    return {
        "reference": one.reference,
        "store": one.store,
        "request": one.request,
        "key_id": one.key_id,
        "sealed": vault.seal(one.key_id, json.dumps(keys).encode()),
        "only_places": None if one.only is None else json.dumps(sorted(one.only)),
        "ended_at": None,
    }


def undo(connection: sa.Connection, store: str, references: Sequence[str]) -> None:
    """Delete what `begin` recorded of erasures that were rolled back, unless they were unfinished before."""
    erasure, rest = tables.erasure, tables.rest
    for start in range(0, len(references), 500):
        mine = sa.and_(erasure.c.reference.in_(references[start : start + 500]), erasure.c.store == store)
        kept_before = sa.exists(
            sa.select(sa.literal(1)).where(rest.c.reference == erasure.c.reference, rest.c.store == store)
        )
        connection.execute(sa.delete(erasure).where(mine, erasure.c.look_on == "", ~kept_before))


def _review_columns(rests: Sequence[Rest], at: datetime, epoch: int, documents: str) -> dict[str, Any]:
    days = [rest.until for rest in rests if rest.until is not None]
    return {
        "look_on": min(days).isoformat() if days else "9999-12-31",
        "held": int(any(rest.why == "hold" for rest in rests)),
        "shared": int(any(rest.why == "shared" for rest in rests)),
        "epoch": epoch,
        "documents": documents,
        "looked_at": moment(at),
    }


def _row(one: Unfinished, position: int, rest: Rest) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "store": one.store,
        "position": position,
        "place": rest.place,
        "why": rest.why,
        "column_names": json.dumps(rest.columns),
        "row_count": rest.rows,
        "until": rest.until.isoformat() if rest.until else None,
        "promise": rest.promise,
        "promise_name": rest.name,
        "ground": rest.ground,
        "article": rest.article,
    }


# -- reading -------------------------------------------------------------------------------------


def due_for_review(
    db: Database, vault: Vault, today: date, now: datetime, *, epoch: int, documents: str
) -> list[Unfinished]:
    """The unfinished erasures that may have due rows: the day has come, holds or documents changed, a week passed."""
    erasure = tables.erasure
    old = moment(now - REVIEW_EVERY)
    may = sa.or_(
        erasure.c.look_on < today.isoformat(),
        sa.and_(erasure.c.held == 1, erasure.c.epoch != epoch),
        erasure.c.shared == 1,
        erasure.c.documents != documents,
        erasure.c.looked_at < old,
    )
    return _read(db, vault, sa.and_(erasure.c.ended_at.is_(None), may))


def of_references(db: Database, vault: Vault, references: Sequence[str]) -> list[Unfinished]:
    """The unfinished erasures with these references."""
    erasure = tables.erasure
    return _read(db, vault, sa.and_(erasure.c.ended_at.is_(None), erasure.c.reference.in_(list(references))))


def of_requests(db: Database) -> dict[int, list[Rest]]:
    """The rests of each request with an unfinished erasure; nothing is decrypted."""
    erasure = tables.erasure
    query = sa.select(erasure).where(erasure.c.ended_at.is_(None), erasure.c.request.is_not(None))
    found: dict[int, list[Rest]] = {}
    with db.read() as connection:
        rows = connection.execute(query).mappings().all()
        rests = _rests(connection, rows)
    for row in rows:
        found.setdefault(int(row["request"]), []).extend(rests.get((row["reference"], row["store"]), ()))
    return found


def completed_erasures(db: Database) -> list[tuple[str, int]]:
    """The completed erasures whose person is not notified yet: (reference, request)."""
    erasure = tables.erasure
    query = (
        sa.select(erasure.c.reference, erasure.c.request)
        .where(erasure.c.request.is_not(None))
        .group_by(erasure.c.reference, erasure.c.request)
        .having(sa.func.count() == sa.func.count(erasure.c.ended_at))
    )
    with db.read() as connection:
        return [(str(reference), int(request)) for reference, request in connection.execute(query)]


def forget(connection: sa.Connection, reference: str) -> None:
    """Delete a completed erasure after the person was notified."""
    for table in (tables.rest, tables.erasure):
        connection.execute(sa.delete(table).where(table.c.reference == reference))


def _read(db: Database, vault: Vault, where: sa.ColumnElement[bool]) -> list[Unfinished]:
    erasure = tables.erasure
    with db.read() as connection:
        query = sa.select(erasure).where(where).order_by(erasure.c.reference, erasure.c.store)
        rows = connection.execute(query).mappings().all()
        rests = _rests(connection, rows)
    return [_unfinished(vault, row, rests.get((row["reference"], row["store"]), [])) for row in rows]


def _unfinished(vault: Vault, row: Any, rests: Sequence[Rest]) -> Unfinished:
    keys = json.loads(vault.open_sealed(row["key_id"], row["sealed"]))
    human, others = (
        tuple(Person(place, from_plain(key), *digests) for place, key, *digests in part) for part in keys
    )
    at = (row["reference"], row["store"], row["request"], row["key_id"])
    only = None if row["only_places"] is None else frozenset(json.loads(row["only_places"]))
    return Unfinished(*at, tuple(rests), only, human, others)


def _rests(connection: sa.Connection, rows: Sequence[Any]) -> dict[tuple[str, str], list[Rest]]:
    rest, found = tables.rest, dict[tuple[str, str], list[Rest]]()
    references = sorted({row["reference"] for row in rows})
    for start in range(0, len(references), 500):
        mine = rest.c.reference.in_(references[start : start + 500])
        query = sa.select(rest).where(mine).order_by(rest.c.reference, rest.c.store, rest.c.position)
        for row in connection.execute(query).mappings():
            found.setdefault((row["reference"], row["store"]), []).append(_rest(row))
    return found


def _rest(row: Any) -> Rest:
    return Rest(
        row["place"],
        row["row_count"],
        row["why"],
        tuple(json.loads(row["column_names"])),
        date.fromisoformat(row["until"]) if row["until"] else None,
        row["promise"],
        row["promise_name"],
        row["ground"],
        row["article"],
    )


def requests_not_over(connection: sa.Connection) -> set[int]:
    """The requests with an unfinished erasure in any store."""
    erasure = tables.erasure
    query = sa.select(erasure.c.request).where(erasure.c.ended_at.is_(None), erasure.c.request.is_not(None))
    return {int(number) for number in connection.execute(query).scalars()}
