"""Rights: one access, one erasure, a hundred of each, ten thousand together, two million rows of one person."""

from __future__ import annotations

import io
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

import database_servers
import rights_memory
import rights_wide
from measure import Sheet
from projects import NOW
from rights_app import DELETES, DELETES_TOGETHER, PEOPLE, SELECTS, built, company, facts
from scene import Scene
from servanda.apply.by_person import Eraser, erase, eraser
from servanda.documents.package import Package
from servanda.ledger import Ledger
from servanda.persons.copy import Copier
from servanda.persons.person import Person, find
from servanda.plan.due import Of
from servanda.project import Project
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.sql.store import SqlStore
from sweep_postgres import Base

PEER = "Fides 2.86 on this database, another machine: 670 ms an access, 1,270 ms an erasure; 90 and 236 statements"
ONE, HUNDRED, MANY = 60, 100, 10_000
TOGETHER = range(1, PEOPLE, PEOPLE // MANY)


def run(sheet: Sheet, only: str) -> None:
    """Measure what is asked for, on one server."""
    if rights_wide.NAME.startswith(only) or only.startswith(rights_wide.NAME):
        with TemporaryDirectory(prefix="servanda-bench-") as folder:
            rights_wide.wide(sheet, Path(folder))
    if facts() is None:
        print("rights: bench/app.sql is not here; say where with SERVANDA_FACTS")
        return
    wanted = [measure for name, measure in MEASURES.items() if name.startswith(only) or only.startswith(name)]
    if wanted:
        with database_servers.postgres(durable=True) as url:
            base = built(url)
            for measure in wanted:
                measure(sheet, base)
            base.drop()
    if rights_memory.NAME.startswith(only) or only.startswith(rights_memory.NAME):
        with TemporaryDirectory(prefix="servanda-bench-") as folder:
            rights_memory.memory(sheet, Path(folder))
    print(f"  {PEER}")


def _ids(count: int, salt: int) -> list[int]:
    """Customers spread over the table."""
    return [(n * 7_919 * salt) % PEOPLE + 1 for n in range(1, count + 1)]


@contextmanager
def _watched(stores: OpenStores) -> Iterator[list[float]]:
    """The statements that the application's database is sent: the seconds that each took there and back."""
    took: list[float] = []
    began = [0.0]

    def begin(*_: Any) -> None:
        began[0] = time.perf_counter()

    def end(*_: Any) -> None:
        took.append(time.perf_counter() - began[0])

    listened = [
        (session.store.engine, event, note)
        for session in stores.sessions.values()
        if isinstance(session.store, SqlStore)
        for event, note in (("before_cursor_execute", begin), ("after_cursor_execute", end))
    ]
    for one in listened:
        sa.event.listen(*one)
    yield took
    for one in listened:
        sa.event.remove(*one)


def _inside(stores: OpenStores, act: Callable[[], Any]) -> float:
    """Seconds of an act in which the application's database was asked and answered, its commit aside."""
    with _watched(stores) as took:
        act()
    return sum(took)


# -- access ------------------------------------------------------------------------------------


def access(sheet: Sheet, base: Base) -> None:
    """A copy of one person: found by address, read in one snapshot, packed as a zip, recorded."""
    with base.copy() as url, company(url) as made, made.found.opened() as project:
        copier, packer, ledger = Copier(project.stores), Package(), made.found.ledger
        for number in _ids(20, 3):
            _copy(ledger, project, copier, packer, number)
        with _watched(project.stores) as sent:
            _copy(ledger, project, copier, packer, 77)
        statements = len(sent)
        ours = [_timed(partial(_copy, ledger, project, copier, packer, n)) for n in _ids(ONE, 5)]
        inside = [
            _inside(project.stores, partial(_copy, ledger, project, copier, packer, n)) for n in _ids(ONE, 7)
        ]
        sheet.add(
            "rights.access",
            [t * 1_000 for t in ours],
            unit="ms",
            command="read in one snapshot, packed, recorded",
        )
        sheet.add("rights.access.statements", [statements], unit="statements")
        looked = [_timed(partial(find, project.stores, f"user{n}@example.com")) for n in _ids(ONE, 5)]
        what = "by address in any letter case; without an index on lower(email) it reads the table"
        sheet.add("rights.find", [t * 1_000 for t in looked], unit="ms", command=what)
        began = time.perf_counter()
        for number in _ids(HUNDRED, 11):
            _copy(ledger, project, copier, packer, number)
        sheet.add("rights.access.hundred", [time.perf_counter() - began], command="100 one after the other")
    _against(sheet, "rights.access", (ours, inside), (base, SELECTS), "eight SELECT by hand")


def _copy(ledger: Ledger, project: Project, copier: Copier, packer: Package, number: int) -> None:
    human = (Person("app.customers", (number,)),)
    packed = packer.pack(
        io.BytesIO(), copier.copy(human), project.policy, language="en", right="access", at=NOW, reference="1"
    )  # fmt: skip
    ledger.append("copy.made", {"request": 1, "rows": packed.rows, "digest": packed.digest})


# -- erasure -----------------------------------------------------------------------------------


def erasure(sheet: Sheet, base: Base) -> None:
    """One person: decided and erased in one transaction, with intent and outcome in the ledger."""
    with base.copy() as url, company(url) as made, _eraser(made) as (found, made_):
        for number in _ids(20, 3):
            _erase(made_, number)
        with _watched(found) as sent:
            _erase(made_, 77)
        statements = len(sent)
        ours = [_timed(partial(_erase, made_, n)) for n in _ids(ONE, 5)]
        inside = [_inside(found, partial(_erase, made_, n)) for n in _ids(ONE, 7)]
        sheet.add(
            "rights.erasure",
            [t * 1_000 for t in ours],
            unit="ms",
            command="decided, erased in one transaction, recorded",
        )
        sheet.add("rights.erasure.statements", [statements], unit="statements")
        began = time.perf_counter()
        for number in _ids(HUNDRED, 11):
            _erase(made_, number)
        sheet.add("rights.erasure.hundred", [time.perf_counter() - began], command="100 one after the other")
    _against(
        sheet, "rights.erasure", (ours, inside), (base, DELETES), "eight DELETE by hand, one transaction"
    )


def batch(sheet: Sheet, base: Base) -> None:
    """Ten thousand persons as one plan, against the same one by one, and against SQL by hand (time a person).

    One by one is as requests come: each under its own lock, the ledger looked at and the holds read before it.
    `rights.batch.ready` sets it against persons in a row, for whom all that was done once.
    """
    with base.copy() as url, company(url) as made, made.found.opened() as project:
        made.found.ledger.checkpoint()
        for number in _ids(20, 3):
            _begun_anew(project, number)
        anew = [_timed(partial(_begun_anew, project, n)) for n in _ids(ONE, 5)]
        sheet.add("rights.erasure.anew", [t * 1_000 for t in anew], unit="ms", command="each begun anew")
    with base.copy() as url, company(url) as made, _eraser(made) as (_, made_):
        for number in _ids(20, 3):
            _erase(made_, number)
        ready = statistics.median(_timed(partial(_erase, made_, n)) for n in _ids(ONE, 5))
    with base.copy() as url, company(url) as made, _eraser(made) as (_, made_):
        asked = [Of(secrets.token_hex(8), (Person("app.customers", (n,)),)) for n in TOGETHER]
        took = _timed(lambda: made_.erase(asked))
    with base.copy() as url:
        by_hand = _together_by_hand(url)
    what = f"{MANY} persons together; the other side: "
    others = {
        "rights.batch": (statistics.median(anew) / 20, "a twentieth of one begun anew"),
        "rights.batch.ready": (ready / 20, "a twentieth of one in a row"),
        "rights.batch.by_hand": (by_hand / MANY, "eight DELETE for all of them"),
    }
    for name, (other, said) in others.items():
        sheet.add(name, [took / MANY * 1_000], [other * 1_000], unit="ms", command=what + said)
    sheet.add("rights.batch.seconds", [took])


@contextmanager
def _eraser(made: Scene) -> Iterator[tuple[OpenStores, Eraser]]:
    with made.found.opened() as project, eraser(project) as made_:
        yield project.stores, made_


def _erase(made: Eraser, number: int) -> None:
    (done,) = made.erase([Of(secrets.token_hex(8), (Person("app.customers", (number,)),))])
    assert done.done, done.refused


def _begun_anew(project: Project, number: int) -> None:
    asked = Of(secrets.token_hex(8), (Person("app.customers", (number,)),))
    (done,) = erase(project, [asked])
    assert done.done, done.refused


# -- by hand -----------------------------------------------------------------------------------


def _against(
    sheet: Sheet,
    name: str,
    ours: tuple[list[float], list[float]],
    by_hand: tuple[Base, tuple[str, ...]],
    what: str,
) -> None:
    """The whole act, and the statements alone, against SQL by hand for the same persons on a fresh copy."""
    base, statements = by_hand
    with base.copy() as url:
        plain = _by_hand(url, statements, _ids(ONE, 5))
    told = (".ratio", what), (".database", f"without what commits, packs and records; {what}")
    for (end, said), mine, other in zip(told, ours, plain, strict=True):
        sheet.add(name + end, [statistics.median(mine)], [statistics.median(other)], command=said)


def _by_hand(url: str, statements: tuple[str, ...], numbers: list[int]) -> tuple[list[float], list[float]]:
    """Seconds of the same by statements written by hand, person by person; and without their commit."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:

        def act(number: int) -> float:
            began = time.perf_counter()
            for statement in statements:
                found = connection.exec_driver_sql(statement, {"id": number})
                if found.returns_rows:
                    found.all()
            inside = time.perf_counter() - began
            connection.commit()
            return inside

        for number in _ids(20, 3):
            act(number)
        inside: list[float] = []

        def noted(number: int) -> None:
            inside.append(act(number))

        whole = [_timed(partial(noted, n)) for n in numbers]
    engine.dispose()
    return whole, inside


def _together_by_hand(url: str) -> float:
    """Seconds of the same ten thousand by statements written by hand, in one transaction."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE gone (id bigint PRIMARY KEY)")
        connection.commit()

        def act() -> None:
            connection.exec_driver_sql("INSERT INTO gone VALUES (%(id)s)", [{"id": n} for n in TOGETHER])
            for statement in DELETES_TOGETHER:
                connection.exec_driver_sql(statement)
            connection.commit()

        took = _timed(act)
    engine.dispose()
    return took


def _timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


MEASURES: dict[str, Callable[[Sheet, Base], None]] = {
    "rights.access": access,
    "rights.erasure": erasure,
    "rights.batch": batch,
}
