"""Rights: one access, one erasure, a hundred of each, ten thousand together, two million rows of one person."""

from __future__ import annotations

import io
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

import database_servers
import rights_memory
from measure import Sheet
from projects import NOW
from rights_app import DELETES, DELETES_TOGETHER, PEOPLE, SELECTS, Base, built, company, facts
from scene import Scene
from servanda.apply.erasing import Eraser, erase, eraser
from servanda.documents.package import Package
from servanda.ledger import Ledger
from servanda.persons.copy import Copier
from servanda.persons.find import find
from servanda.persons.person import Person
from servanda.plan.erasing import Asked
from servanda.stores.opened import Opened

PEER = "Fides 2.86 on this database, another machine: 670 ms an access, 1,270 ms an erasure; 90 and 236 statements"
ONE, HUNDRED, MANY = 60, 100, 10_000
TOGETHER = range(1, PEOPLE, PEOPLE // MANY)


def run(sheet: Sheet, only: str) -> None:
    """Measure what is asked for, on one server."""
    if facts() is None:
        print("rights: bench/app.sql is not here; say where with SERVANDA_FACTS")
        return
    wanted = [measure for name, measure in MEASURES.items() if name.startswith(only) or only.startswith(name)]
    if wanted:
        with database_servers.postgres() as url:
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
def _counted(found: Opened) -> Iterator[list[str]]:
    """The statements that the application's database is sent."""
    sent: list[str] = []

    def note(*given: Any) -> None:
        sent.append(str(given[2]))

    engines = [s.store.engine for s in found.sessions.values()]  # type: ignore[attr-defined]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        sa.event.remove(engine, "before_cursor_execute", note)


# -- access ------------------------------------------------------------------------------------


def access(sheet: Sheet, base: Base) -> None:
    """A copy of one person: found by address, read in one snapshot, packed as a zip, recorded."""
    with base.copy() as url, company(url) as made, made.found.opened() as found:
        copier, packer, ledger = Copier(found), Package(), made.found.ledger
        for number in _ids(20, 3):
            _copy(ledger, found, copier, packer, number)
        with _counted(found) as sent:
            _copy(ledger, found, copier, packer, 77)
        statements = len(sent)
        ours = [_timed(lambda n=n: _copy(ledger, found, copier, packer, n)) for n in _ids(ONE, 5)]
        plain = _by_hand(url, SELECTS, _ids(ONE, 5))
        sheet.add(
            "rights.access.ratio",
            [statistics.median(ours)],
            [statistics.median(plain)],
            command="eight SELECT by hand",
        )
        sheet.add(
            "rights.access",
            [t * 1_000 for t in ours],
            unit="ms",
            command="read in one snapshot, packed, recorded",
        )
        sheet.add("rights.access.statements", [statements], unit="statements")
        looked = [_timed(lambda n=n: find(found, f"user{n}@example.com")) for n in _ids(ONE, 5)]
        what = "by address in any letter case; without an index on lower(email) it reads the table"
        sheet.add("rights.find", [t * 1_000 for t in looked], unit="ms", command=what)
        began = time.perf_counter()
        for number in _ids(HUNDRED, 11):
            _copy(ledger, found, copier, packer, number)
        sheet.add("rights.access.hundred", [time.perf_counter() - began], command="100 one after the other")


def _copy(ledger: Ledger, found: Opened, copier: Copier, packer: Package, number: int) -> None:
    human = (Person("app.customers", (number,)),)
    packed = packer.pack(
        io.BytesIO(), copier.copy(human), found.binding.policy, language="en", right="access", at=NOW, reference="1"
    )  # fmt: skip
    ledger.append("copy.made", {"request": 1, "rows": packed.rows, "digest": packed.digest})


# -- erasure -----------------------------------------------------------------------------------


def erasure(sheet: Sheet, base: Base) -> None:
    """One person: decided and erased in one transaction, with intent and outcome in the ledger."""
    with base.copy() as url, company(url) as made, _eraser(made) as (found, made_):
        for number in _ids(20, 3):
            _erase(made_, number)
        with _counted(found) as sent:
            _erase(made_, 77)
        statements = len(sent)
        ours = [_timed(lambda n=n: _erase(made_, n)) for n in _ids(ONE, 5)]
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
    with base.copy() as url:
        plain = _by_hand(url, DELETES, _ids(ONE, 5))
    medians = [statistics.median(ours)], [statistics.median(plain)]
    sheet.add("rights.erasure.ratio", *medians, command="eight DELETE by hand, one transaction")


def batch(sheet: Sheet, base: Base) -> None:
    """Ten thousand persons as one plan, against the same one by one, and against SQL by hand (time a person).

    One by one is as requests come: each under its own lock, the ledger looked at and the holds read before it.
    `rights.batch.ready` sets it against persons in a row, for whom all that was done once.
    """
    with base.copy() as url, company(url) as made, made.found.opened() as found:
        made.found.ledger.checkpoint()
        for number in _ids(20, 3):
            _begun_anew(made, found, number)
        anew = [_timed(lambda n=n: _begun_anew(made, found, n)) for n in _ids(ONE, 5)]
        sheet.add("rights.erasure.anew", [t * 1_000 for t in anew], unit="ms", command="each begun anew")
    with base.copy() as url, company(url) as made, _eraser(made) as (_, made_):
        for number in _ids(20, 3):
            _erase(made_, number)
        ready = statistics.median(_timed(lambda n=n: _erase(made_, n)) for n in _ids(ONE, 5))
    with base.copy() as url, company(url) as made, _eraser(made) as (_, made_):
        asked = [Asked(secrets.token_hex(8), (Person("app.customers", (n,)),)) for n in TOGETHER]
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
def _eraser(made: Scene) -> Iterator[tuple[Opened, Eraser]]:
    project = made.found
    with project.opened() as found, eraser(found, project.db, project.vault, NOW) as made_:
        yield found, made_


def _erase(made: Eraser, number: int) -> None:
    (done,) = made.erase([Asked(secrets.token_hex(8), (Person("app.customers", (number,)),))])
    assert done.done, done.refused


def _begun_anew(made: Scene, found: Opened, number: int) -> None:
    asked = Asked(secrets.token_hex(8), (Person("app.customers", (number,)),))
    (done,) = erase(found, made.found.db, made.found.vault, [asked], NOW)
    assert done.done, done.refused


# -- by hand -----------------------------------------------------------------------------------


def _by_hand(url: str, statements: tuple[str, ...], numbers: list[int]) -> list[float]:
    """Seconds of the same by statements written by hand, person by person."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:

        def act(number: int) -> None:
            for statement in statements:
                found = connection.exec_driver_sql(statement, {"id": number})
                if found.returns_rows:
                    found.all()
            connection.commit()

        for number in _ids(20, 3):
            act(number)
        times = [_timed(lambda n=n: act(n)) for n in numbers]
    engine.dispose()
    return times


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
