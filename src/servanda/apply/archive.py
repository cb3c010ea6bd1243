"""Archives rows, destroys archived rows, and records events.

    archive   write and fsync ─▶ record, with the ledger ─▶ (another step deletes the row)
    destroy   move held rows to a segment of their own ─▶ destroy keys ─▶ record, with the ledger

After a crash between two of these, bytes without a record or destroyed keys without a record remain; the next
run truncates the bytes, or destroys the same rows again. A row is deleted from a store only if an archived copy
is recorded and still equals it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from servanda.database import moment, tables
from servanda.errors import Refused, ServandaError, StoreError, VaultError
from servanda.law.retention import last_day
from servanda.ledger import Ledger
from servanda.persons.references import names_of
from servanda.persons.routes import route
from servanda.plan.archive.due import Held, due_rows, held_rows, over_segments
from servanda.plan.archiving import Archiving, archivings
from servanda.plan.load import key_text
from servanda.plan.plan import Plan, Step
from servanda.project import Project
from servanda.stores import verbs
from servanda.stores.archive.archive import HELD, Archive, Copy, Written, archives
from servanda.stores.archive.index import Archived, drop, of_row
from servanda.stores.archive.segments import Segment
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.identity import created_columns
from servanda.stores.document.archiving import ArchiveFlag, ArchiveTable
from servanda.stores.sql import archive_table as sql_copy
from servanda.stores.sql.pages import Page
from servanda.stores.sql.session import Session, Work, mark_text

_WIDE = 2_000
"""The most rows that are in memory at once."""


def close_segments(project: Project, ledger: Ledger) -> None:
    """Cut off what a page that died has written to a segment. Call it under the apply lock, before `recover`.

    Raises Refused if a segment is longer than recorded and no page is open, or if a file has no record: then records
    are lost, as after a restore of Servanda's own database, and the bytes may be the only copy of archived rows.
    """
    longer: list[Segment] = []
    unknown: list[Path] = []
    if not project.stores_document.archives:
        return
    for archive in archives(project.stores_document, project.database, project.vault).values():
        longer += archive.unrecorded()
        unknown += archive.unknown_files()
    if not longer and not unknown:
        return
    if unknown or not ledger.open_intents():
        names = ", ".join([*(segment.path.name for segment in longer), *(path.name for path in unknown)])
        raise Refused(
            f"archived rows lie in {names} that Servanda's database does not know: it was restored from a backup",
            advice="restore a newer copy of Servanda's database; if there is none: "
            "servanda ledger accept --lose-archived --reason WORDS --second NAME",
        )
    for segment in longer:
        segment.cut()


def lose_unrecorded(project: Project) -> list[str]:
    """Remove archived rows that no record names. Returns the names of their files."""
    names: list[str] = []
    if not project.stores_document.archives:
        return names
    for archive in archives(project.stores_document, project.database, project.vault).values():
        for segment in archive.unrecorded():
            segment.cut()
            names.append(segment.path.name)
        for path in archive.unknown_files():
            archive.remove_unknown(path)
            names.append(path.name)
        list(archive.destroy_unused_keys())
    return names


@contextmanager
def _nothing_unrecorded(archive: Archive) -> Iterator[None]:
    """Cut off what was written if the block fails, so that it could not be recorded."""
    try:
        yield
    except Exception:
        with suppress(ServandaError):
            for segment in archive.unrecorded():
                segment.cut()
        raise


@dataclass(slots=True)
class Archiver:
    """Carries out the steps of one apply that archive rows, destroy archived rows, or record events."""

    project: Project
    plan: Plan
    archives: dict[str, Archive] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project, plan: Plan) -> Archiver:
        """An archiver with the archives of the stores document, for the day of the plan."""
        return cls(project, plan, archives(project.stores_document, project.database, project.vault))

    def ready(self, step: Step) -> None:
        """Create the temporary tables of a step, outside of its transactions."""
        if step.archiving is not None and isinstance(step.archiving.place.place.archive, ArchiveTable):
            sql_copy.ready(sql_copy.database(self.project.stores.sessions[step.store]), step.table)

    def pages(self, step: Step, session: verbs.Session, work: Work) -> Iterator[Page]:
        """The pages of a step; larger ones if rows are only read."""
        how = step.archiving.place.place.archive if step.archiving is not None else None
        if isinstance(how, str):
            return sql_copy.database(session).pages(work, _WIDE)
        return session.pages(work)

    def act(self, step: Step, opened: verbs.Session, work: Work, page: Page) -> int:
        """Archive the rows of a page. Returns the number of rows. Raises StoreError if archive, vault or store fail."""
        session = sql_copy.database(opened)
        archiving = step.archiving
        assert archiving is not None
        how = archiving.place.place.archive
        if isinstance(how, ArchiveFlag):
            return session.attempt(partial(sql_copy.flag, session, work, page, how.flag, self.plan.today))
        if isinstance(how, ArchiveTable):
            what = self._copying(archiving, how)
            return session.attempt(partial(sql_copy.copy, session, work, page, what))
        with _vault_error_as_store_error():
            return self._copy(step, archiving, str(how), (session, work, page))

    # -- a copy in a segment -----------------------------------------------------------------

    def _copying(self, archiving: Archiving, how: ArchiveTable) -> sql_copy.Copying:
        policy = self.project.stores.binding.policy
        trigger = archiving.place.triggers[archiving.trigger]
        until: Callable[[date], date] = lambda day: archiving.last_day(policy, day)  # noqa: E731
        return sql_copy.Copying(how, archiving.columns, trigger, "; ".join(archiving.grounds), until)

    def _copy(self, step: Step, archiving: Archiving, name: str, where: tuple[Session, Work, Page]) -> int:
        """Write the rows of a page to a segment, fsync, then record them."""
        copies = list(self._copies(archiving, *where))
        if not copies:
            return 0
        archive = self.archives[name]
        with _nothing_unrecorded(archive):
            written = archive.write([copy for copy, _ in copies])
            with self.project.database.begin() as connection:
                archive.record(connection, written)
                body: dict[str, Any] = {"step": step.id, "place": step.place, "promises": list(step.promises)}
                body |= {"rows": len(copies), "segments": _segments(written)}
                self.project.ledger.append_in(connection, "archive.written", body)
        where[0].fill(archiving.list, [(*key, copy.fingerprint) for copy, key in copies])
        return len(copies)

    def _copies(
        self, archiving: Archiving, session: Session, work: Work, page: Page
    ) -> Iterator[tuple[Copy, tuple[Any, ...]]]:
        """The rows of a page as they are archived, each with its key."""
        place, policy = archiving.place, self.project.stores.binding.policy
        path, key = route(self.project.stores.binding, place), place.table.key
        links = path.links if path is not None else ()
        root = self.project.stores.binding.places[path.root] if path is not None else place
        named, created = list(dict.fromkeys(root.place.identifiers.values())), created_columns(root)
        row = session.table_of(place.table.name)
        days = session.days.of(place.triggers[archiving.trigger], row)
        parts = (
            [row.c[k] for k in key],
            session.days.key_at(links, root.table.key, row),
            [session.store.fingerprint([row.c[c] for c in archiving.printed])],
            [row.c[c] for c in archiving.columns],
            session.days.key_at(links, [*named, *created], row),
            list(days.columns),
        )
        chosen = [column.label(f"c{i}") for i, column in enumerate(c for part in parts for c in part)]
        for found in session.read(work, page, lambda _: chosen):
            values, rest = [], list(found)
            for part in parts:
                values.append(tuple(rest[: len(part)]))
                del rest[: len(part)]
            own, person, (print_,), fields, names, trigger = values
            day = days.tell(trigger)
            if day is None:
                continue
            nobody = None in person
            yield (
                Copy(
                    place=place.name,
                    promise=archiving.promise,
                    row_key=key_text(own),
                    person_place=place.name if nobody else root.name,
                    person_key=key_text(own if nobody else person),
                    fingerprint=print_.decode() if isinstance(print_, bytes) else str(print_),
                    trigger_day=day,
                    last_day=archiving.last_day(policy, day),
                    grounds=archiving.grounds,
                    values=dict(zip(archiving.columns, fields, strict=True)),
                    names=()
                    if nobody
                    else names_of(
                        self.project.vault,
                        root.name,
                        person,
                        names[: len(named)],
                        names[len(named) :],
                    ),
                ),
                own,
            )

    def close(self) -> Iterator[str]:
        """Finish the run: record archived rows that left their store, destroy keys of expired segments.

        Yields a sentence for each segment.
        """
        self._settle_all()
        try:
            for archive in self.archives.values():
                for name in archive.destroy_restored_keys():
                    self.project.ledger.append("archive.key-destroyed-again", {"segment": name})
                    yield f"archive: the key of segment {name} was back, and is destroyed again"
                for name in archive.destroy_unused_keys():
                    self.project.ledger.append("archive.key-destroyed-again", {"segment": name})
                    yield f"archive: data keys of segment {name} that nothing lies under are destroyed"
            for name in self._end_segments():
                yield f"archive: the key of segment {name} is destroyed"
        except (StoreError, VaultError) as error:
            yield f"archive: {error.message}"

    def _settle_all(self) -> None:
        """Record which archived rows have left their store, so that the next plan skips them."""
        for place in self.project.stores.binding.places.values():
            for archiving in archivings(place):
                if isinstance(place.place.archive, str):
                    self._settle(place, archiving)

    def _settle(self, place: BoundPlace, archiving: Archiving) -> None:
        table, session = tables.archived, sql_copy.database(self.project.stores.session_of(place))
        mine = sa.and_(table.c.place == place.name, table.c.promise == archiving.promise, table.c.live == 1)
        if session.partitions.detached(place.table.name):
            return  # rows of a detached partition have not left
        left = sa.update(table).where(mine, table.c.row_key == sa.bindparam("gone")).values(live=0)
        for keys in session.remove_missing(archiving.list, place.table.name):
            with self.project.database.begin() as connection:
                connection.execute(left, [{"gone": key_text(key)} for key in keys])

    # -- the end of what is archived ---------------------------------------------------------

    def due(self, step: Step) -> Iterator[tuple[int, Callable[[], int]]]:
        """The due archived rows of a step in batches: the number of rows, and a function that destroys them."""
        running = self.project.holds.running(self.plan.today)
        held = held_rows(self.project, running, self.archives)
        for part in due_rows(self.project.database, self.plan.today, step.place, step.promises[0]):
            yield len(part), partial(self._end_rows, step, part, held)

    def _end_rows(self, step: Step, part: Sequence[Archived], held: Held) -> int:
        with _vault_error_as_store_error():
            return self._destroy(step, part, held)

    def _destroy(self, step: Step, part: Sequence[Archived], held: Held) -> int:
        """Destroy rows whose last day has passed; held rows are first moved to a segment without a month."""
        free = [row for row in part if not held.holds(row)]
        beside = self._rows_under({row.data_key for row in free})
        kept = {row for row in (*part, *beside) if held.holds(row)}
        self._move_held(sorted(kept, key=lambda r: r.bound_to))
        keys: dict[str, list[str]] = {}
        for row in free:
            keys.setdefault(row.segment, []).append(row.data_key)
        for segment, these in keys.items():
            self._archive_of(segment, held).destroy(sorted(set(these)))
        if free:
            with self.project.database.begin() as connection:
                drop(connection, free)
                body: dict[str, Any] = {"step": step.id, "place": step.place, "promises": list(step.promises)}
                body |= {"rows": len(free), "segments": {s: len(k) for s, k in sorted(keys.items())}}
                body |= {"copies_of_keys_until": self._key_copies_until(set(keys), held)}
                self.project.ledger.append_in(connection, "archive.ended", body)
        return len(free)

    def _rows_under(self, keys: set[str]) -> list[Archived]:
        """Every archived row under some data keys."""
        table, found = tables.archived, []
        listed = sorted(keys)
        with self.project.database.read() as connection:
            for i in range(0, len(listed), 500):
                query = sa.select(table).where(table.c.data_key.in_(listed[i : i + 500]))
                found += [of_row(dict(row)) for row in connection.execute(query).mappings()]
        return found

    def _archive_of(self, segment: str, held: Held) -> Archive:
        name = held.of_segment.get(segment, "")
        if name not in self.archives:
            raise StoreError(
                f"the archive “{name}” of segment {segment} is no longer declared",
                advice="declare it again under archives: in stores.yaml, until its last segment has ended",
            )
        return self.archives[name]

    def _move_held(self, rows: Sequence[Archived]) -> None:
        """Move held rows to a separate segment, each under its own key."""
        table = tables.segment
        with self.project.database.read() as connection:
            query = sa.select(table.c.id, table.c.archive).where(table.c.month != HELD)
            monthly = dict(connection.execute(query).all())
        by_archive: dict[str, list[Archived]] = {}
        for row in rows:
            if row.segment in monthly:
                by_archive.setdefault(monthly[row.segment], []).append(row)
        for name, these in by_archive.items():
            archive = self.archives[name]
            written = archive.write([_as_copy(row, archive) for row in these], held=True)
            with self.project.database.begin() as connection:
                archive.move(connection, these, written)
                body = {"rows": len(these), "segments": _segments(written)}
                self.project.ledger.append_in(connection, "archive.held", body)

    def _key_copies_until(self, segments: set[str], held: Held) -> str | None:
        """The last day on which a backup of the vault may still contain the destroyed keys."""
        days = [last_day(self.plan.today, self._archive_of(segment, held).key_backup) for segment in segments]
        return max(days).isoformat() if days else None

    def _end_segments(self) -> Iterator[str]:
        """Destroy the keys of empty segments whose month is over. Yields their names."""
        table = tables.segment
        for name, of in over_segments(self.project.database, self.plan.today):
            if of not in self.archives:
                continue
            archive = self.archives[of]
            archive.end_segment(name)
            until = last_day(self.plan.today, archive.key_backup)
            with self.project.database.begin() as connection:
                at = {"ended_at": moment(self.plan.made_at)}
                connection.execute(sa.update(table).where(table.c.id == name).values(at))
                body = {"segment": name, "copies_of_keys_until": until.isoformat()}
                self.project.ledger.append_in(connection, "archive.segment-ended", body)
            yield name

    # -- events ------------------------------------------------------------------------------

    def note(self, step: Step, opened: verbs.Session, work: Work, page: Page) -> int:
        """Record one event for each row of a page. Returns the number of rows."""
        session = sql_copy.database(opened)
        name, event, place = step.event, tables.event, self.project.stores.binding.places[step.place]
        listed = f"event_{place.short}_{name}"
        marked_rows = session.read(
            work,
            page,
            lambda row: [*(row.c[k] for k in place.table.key), session.mark(listed, row).label("mark")],
        )
        keys = [(key, mark_text(mark)) for *key, mark in marked_rows]
        if not keys:
            return 0
        now = moment(self.plan.made_at)
        with self.project.database.begin() as connection:
            number = int(connection.execute(sa.select(sa.func.max(event.c.id))).scalar() or 0)
            rows = [
                {"id": number + i, "name": name, "place": place.name, "parent_key": key_text(key)}
                | {"at": now, "source": "servanda", "mark": mark}
                for i, (key, mark) in enumerate(keys, start=1)
            ]
            same = sa.and_(event.c.name == name, event.c.place == place.name)
            of_former_rows = sa.delete(event).where(same, event.c.parent_key == sa.bindparam("former"))
            connection.execute(of_former_rows, [{"former": row["parent_key"]} for row in rows])
            connection.execute(sa.insert(event), rows)
            body = {"name": name, "place": place.name, "source": "servanda", "rows": len(rows)}
            self.project.ledger.append_in(connection, "event", body)
        return len(keys)


@contextmanager
def _vault_error_as_store_error() -> Iterator[None]:
    """Turn a VaultError into a StoreError, so that it stops the step only."""
    try:
        yield
    except VaultError as error:
        raise StoreError(error.message, advice=error.advice) from None


def _segments(written: Written) -> dict[str, dict[str, Any]]:
    """The size and digest of each segment, for the ledger."""
    return {s.id: {"size": s.size, "digest": s.digest} for s in written.segments}


def _as_copy(row: Archived, archive: Archive) -> Copy:
    """An archived row as a copy that can be written to another segment."""
    content = archive.read(row)
    return Copy(
        place=row.place,
        promise=row.promise,
        row_key=row.row_key,
        person_place=row.person_place,
        person_key=row.person_key,
        fingerprint=row.fingerprint,
        trigger_day=date.fromisoformat(row.trigger_day),
        last_day=date.fromisoformat(row.last_day),
        grounds=tuple(content["grounds"]),
        values=content["values"],
        whose=row.whose,
    )
