"""An archive of encrypted files: rows go in under keys, and end by the end of their keys.

    write     data keys in the vault, rows in segments, both on the disk      (`write`)
    record    where each row lies, how long each segment is                  (`record`)
    read      one row, decrypted                                             (`read`)
    move      held rows into a segment of their own                          (`write`, `move`)
    end       a person's data key, then the segment's key and its file       (`end`, `end_segment`)

A data key belongs to one person and one last day, so that every row ends on its own day and
not with its month. Nothing here writes to the ledger: `apply` does, in the transaction that
records.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from servanda.database import Database, moment, put, tables
from servanda.errors import StoreError, VaultError
from servanda.law.period import Period
from servanda.stores.archive.index import Archived, lying, row_values, same_row, whose
from servanda.stores.archive.segments import Segment, seal, unseal
from servanda.stores.document.document import StoresDocument
from servanda.vault import DataKeys, Vault

HELD = "held"
"""The month of a segment whose rows are held beyond their last day."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is archived of one row; keys are text as Servanda's own tables keep them.

    `names` are keyed hashes of what its person is known by; of a row that is archived already, their digest `whose`.
    """

    place: str
    promise: str
    row_key: str
    person_place: str
    person_key: str
    fingerprint: str
    trigger_day: date
    last_day: date
    grounds: tuple[str, ...]
    values: Mapping[str, Any]
    names: tuple[str, ...] = ()
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """Rows that are on the disk and not yet recorded, and the segments as they are now.

    `names` are (hash, person's place, person's key, digest of the person's hashes).
    """

    rows: tuple[Archived, ...]
    segments: tuple[Segment, ...]
    names: frozenset[tuple[str, str, str, str]] = frozenset()


class Archive:
    """One archive of stores.yaml. `key_backup` is how long a backup of the vault lives."""

    def __init__(self, name: str, folder: Path, key_backup: Period, db: Database, vault: Vault) -> None:
        self.name, self.folder, self.key_backup = name, folder, key_backup
        self._db, self._vault, self._keys = db, vault, DataKeys(vault.folder)
        self._opened: dict[str, bytes] = {}

    # -- writing ---------------------------------------------------------------------------

    def write(self, copies: Sequence[Copy], *, held: bool = False) -> Written:
        """Encrypt rows and put them on the disk; they count only once they are recorded."""
        months: dict[str, list[Copy]] = {}
        for copy in copies:
            months.setdefault(HELD if held else copy.last_day.isoformat()[:7], []).append(copy)
        growing = self._growing(sorted(months))
        listed = {m: [self._placed(copy, growing[m].id, held) for copy in months[m]] for m in growing}
        wanted = {
            growing[m].id: (self._key(growing[m].id), sorted({row.data_key for row in these}))
            for m, these in listed.items()
        }
        keys = self._keys.make(wanted)
        rows: list[Archived] = []
        grown: list[Segment] = []
        for month, these in listed.items():
            sealed = [
                seal(keys[row.data_key], _content(copy), row.bound_to)
                for copy, row in zip(months[month], these, strict=True)
            ]
            segment, begins = growing[month].append(sealed)
            grown.append(segment)
            rows += [lying(*placed) for placed in zip(these, begins, map(len, sealed), strict=True)]
        names = frozenset(
            (name, c.person_place, c.person_key, whose(c.names)) for c in copies for name in c.names
        )
        return Written(tuple(rows), tuple(grown), names)

    def record(self, connection: Connection, written: Written) -> None:
        """Record where rows lie, in the transaction of the ledger's entry."""
        self._record_segments(connection, written.segments)
        now = moment()
        rows = [row_values(row) | {"live": 1, "archived_at": now} for row in written.rows]
        put(connection, tables.archived, rows)
        columns = ("mac", "person_place", "person_key", "whose")
        put(
            connection,
            tables.archived_name,
            [dict(zip(columns, n, strict=True)) for n in sorted(written.names)],
        )

    def move(self, connection: Connection, old: Sequence[Archived], written: Written) -> None:
        """Record that rows lie elsewhere now."""
        self._record_segments(connection, written.segments)
        for before, after in zip(old, written.rows, strict=True):
            new = {k: getattr(after, k) for k in ("segment", "position", "length", "data_key")}
            connection.execute(sa.update(tables.archived).where(same_row(before)).values(new))

    def _record_segments(self, connection: Connection, segments: Sequence[Segment]) -> None:
        table = tables.segment
        for segment in segments:
            grown = {"size": segment.size, "digest": segment.digest}
            connection.execute(sa.update(table).where(table.c.id == segment.id).values(grown))

    def _placed(self, copy: Copy, segment: str, held: bool) -> Archived:
        """Where a row will lie, but for its position. Held rows have a key each: they end one by one."""
        bound = [segment, copy.person_place, copy.person_key, copy.last_day.isoformat()]
        bound += [copy.place, copy.promise, copy.row_key, copy.fingerprint] if held else []
        data_key = hmac.new(self._names, "\n".join(bound).encode(), hashlib.sha256).hexdigest()[:32]
        return Archived(
            copy.place,
            copy.promise,
            copy.row_key,
            copy.fingerprint,
            copy.last_day.isoformat(),
            copy.trigger_day.isoformat(),
            copy.person_place,
            copy.person_key,
            segment,
            0,
            0,
            data_key,
            whose(copy.names) or copy.whose,
        )

    @cached_property
    def _names(self) -> bytes:
        """The key under which data keys are named; the first of its kind, whatever is rotated."""
        return self._vault.secret("pseudonym", 1)

    def _growing(self, months: Sequence[str]) -> dict[str, Segment]:
        """For each month the segment that still grows; a new one, with its key, where there is none."""
        known: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.segments():
            known.setdefault(row["month"], []).append(row)
        found = {}
        for month in months:
            open_ = [row for row in known.get(month, ()) if row["ended_at"] is None]
            row = open_[-1] if open_ else self._new(month, len(known.get(month, ())))
            found[month] = Segment(row["id"], self._path(row["id"]), row["size"], row["digest"])
        return found

    def _new(self, month: str, before: int) -> Mapping[str, Any]:
        """Record a new segment of a month that had some before, which have ended."""
        name = f"{self.name}-{month}" + (f"-{before + 1}" if before else "")
        values: dict[str, Any] = {"id": name, "archive": self.name, "month": month}
        values |= {"key_id": self._vault.new_key()}
        values |= {"size": 0, "digest": "", "made_at": moment(), "ended_at": None}
        with self._db.begin() as connection:
            connection.execute(sa.insert(tables.segment).values(values))
        return values

    def _path(self, segment: str) -> Path:
        return self.folder / f"{segment}.segment"

    def _key(self, segment: str) -> bytes:
        """The key of a segment, read once. Raises VaultError where it was destroyed or is open to others."""
        if segment not in self._opened:
            found = self.row(segment)
            if found is None or found["ended_at"] is not None:
                raise StoreError(f"the archive segment {segment} has ended: its key was destroyed")
            self._opened[segment] = self._vault.record_key(found["key_id"])
        return self._opened[segment]

    # -- reading ---------------------------------------------------------------------------

    def read(self, row: Archived) -> dict[str, Any]:
        """What was archived of one row: values, trigger, grounds, end.

        Raises StoreError or VaultError where its segment or its key is missing or altered.
        """
        segment = self.at(row.segment)
        keys = self._keys.find(row.segment, self._key(row.segment), [row.data_key])
        if row.data_key not in keys:
            raise StoreError(
                f"a row of the archive segment {row.segment} cannot be read: its data key was destroyed",
                advice="if it was not ended on purpose, restore the vault from its backup",
            )
        return unseal(keys[row.data_key], segment.read(row.position, row.length), row.bound_to, row.segment)

    def at(self, segment: str) -> Segment:
        """A segment as it was recorded."""
        found = self.row(segment)
        if found is None:
            raise StoreError(f"nothing is known of the archive segment {segment}")
        return Segment(segment, self._path(segment), found["size"], found["digest"])

    def row(self, segment: str) -> Mapping[str, Any] | None:
        """What is recorded of a segment."""
        table = tables.segment
        with self._db.read() as connection:
            found = connection.execute(sa.select(table).where(table.c.id == segment)).mappings().first()
        return None if found is None else dict(found)

    def segments(self) -> list[Mapping[str, Any]]:
        """What is recorded of every segment, ended ones too, by month."""
        table = tables.segment
        query = sa.select(table).where(table.c.archive == self.name).order_by(table.c.month, table.c.made_at)
        with self._db.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def unrecorded(self) -> list[Segment]:
        """The segments whose files are longer than what was recorded."""
        rows = (row for row in self.segments() if row["ended_at"] is None)
        known = [Segment(row["id"], self._path(row["id"]), row["size"], row["digest"]) for row in rows]
        return [segment for segment in known if segment.unrecorded()]

    def unknown_files(self) -> list[Path]:
        """Files of segments that no record names: of a newer state of Servanda's database."""
        known = {self._path(row["id"]) for row in self.segments()}
        return sorted(set(self.folder.glob(f"{self.name}-*.segment")) - known)

    def remove_unknown(self, path: Path) -> None:
        """Destroy the data keys of a segment that no record names, and remove its file."""
        self._keys.destroy_segment(path.stem)
        path.unlink(missing_ok=True)

    def faults(self) -> Iterator[str]:
        """What keeps rows from being read, seen without reading them: files, keys of segments."""
        for row in self.segments():
            if row["ended_at"] is not None or not row["size"]:
                continue
            wrong = self.at(row["id"]).fault()
            if wrong is not None:
                yield wrong.message
            if not self._vault.has(row["key_id"]):
                yield f"the key of the archive segment {row['id']} is missing: its rows cannot be read"

    def verify(self, today: date) -> Iterator[tuple[str, str]]:
        """Each segment with what is wrong with it, empty where nothing is; every file is read.

        Rows that are over today and whose data keys are gone are being ended, and no fault.
        """
        for row in self.segments():
            if row["ended_at"] is None:
                yield row["id"], self._fault(row, today)

    def _fault(self, row: Mapping[str, Any], today: date) -> str:
        try:
            self.at(row["id"]).verify()
            self._key(row["id"])
            lost = self._lost(row["id"], today)
        except (StoreError, VaultError) as error:
            return error.message
        return f"{lost} of its rows have lost their data key and cannot be read" if lost else ""

    def _lost(self, segment: str, today: date) -> int:
        """How many rows of a segment have lost their data key before their last day."""
        table = tables.archived
        query = sa.select(table.c.data_key, sa.func.count()).where(
            table.c.segment == segment, table.c.last_day >= today.isoformat()
        )
        with self._db.read() as connection:
            counts = {key: int(n) for key, n in connection.execute(query.group_by(table.c.data_key))}
        there = self._keys.existing(sorted(counts))
        return sum(n for key, n in counts.items() if key not in there)

    # -- ending ----------------------------------------------------------------------------

    def destroy(self, data_keys: Sequence[str]) -> int:
        """Destroy data keys, and with them the rows that lie under them; those that are gone are passed."""
        return self._keys.destroy(data_keys)

    def destroy_restored_keys(self) -> Iterator[str]:
        """Destroy the keys of ended segments that came back with a restored vault. Yields their names."""
        for row in self.segments():
            if row["ended_at"] is not None and self._vault.has(row["key_id"]):
                self.end_segment(row["id"])
                yield row["id"]

    def destroy_unused_keys(self) -> Iterator[str]:
        """Destroy data keys that no archived row lies under: of a process that died, or of a restored vault.

        Yields the segments that had some.
        """
        row = tables.archived
        query = sa.select(row.c.segment, sa.func.count(sa.distinct(row.c.data_key))).group_by(row.c.segment)
        with self._db.read() as connection:
            lying = {segment: int(n) for segment, n in connection.execute(query)}
        mine = {segment["id"] for segment in self.segments()}
        for segment, there in self._keys.counts().items():
            if segment in mine and there != lying.get(segment, 0):
                keys = sa.select(row.c.data_key).where(row.c.segment == segment).distinct()
                with self._db.read() as connection:
                    known = set(connection.execute(keys).scalars())
                stray = [i for i in self._keys.of_segment(segment) if i not in known]
                if stray and self._keys.destroy(stray):
                    yield segment

    def end_segment(self, segment: str) -> None:
        """Destroy the key of a segment, then its data keys and its file. May be done again."""
        found = self.row(segment)
        assert found is not None
        self._vault.destroy(found["key_id"])
        self._opened.pop(segment, None)
        self._keys.destroy_segment(segment)
        try:
            self._path(segment).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"the key of the archive segment {segment} is destroyed, but its file stays: {error.strerror}",
                advice=f"remove {self._path(segment)}",
            ) from None


def archives(document: StoresDocument, db: Database, vault: Vault) -> dict[str, Archive]:
    """Every archive of the stores document, by name; relative folders lie in the project."""
    return {
        name: Archive(name, db.folder / entry.folder, entry.key_backup, db, vault)
        for name, entry in document.archives.items()
    }


def _content(copy: Copy) -> dict[str, Any]:
    """What is encrypted: the fields, with the trigger, the grounds and the end beside them."""
    return {
        "place": copy.place,
        "key": copy.row_key,
        "trigger": copy.trigger_day.isoformat(),
        "until": copy.last_day.isoformat(),
        "grounds": list(copy.grounds),
        "values": dict(copy.values),
    }
