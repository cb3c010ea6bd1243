"""`Ledger`: appends entries, reads them, signs checkpoints, makes proofs.

Invariants of appending:
1. One appender at a time: SQLite takes its write lock when the transaction begins; on a server, each
   appender locks the same row. Both locks end with the transaction.
2. The number is the last one plus one, not from a sequence, so there are no gaps.
3. Entry, body and tree are written in one transaction, the caller's if it has one.
4. Nothing is altered, except that a body may end; another entry records this.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from servanda.database import Database, moment, put
from servanda.database.tables import body, checkpoint, entry, node, setting
from servanda.errors import LedgerError, Refused, VaultError
from servanda.ledger import merkle
from servanda.ledger.checkpoint import Checkpoint, key_hash, parse_checkpoint, read_public_key
from servanda.ledger.checkpoint import public_key_text as key_text
from servanda.ledger.checkpoint import statement as statement_of
from servanda.ledger.entry import (
    BODY_ENDED,
    FIRST,
    KEY_MADE,
    Entry,
    canonical,
    commit,
    make_header,
    read_entry,
)
from servanda.ledger.proof import Body, Header, Inclusion, Proof, verify_proof
from servanda.ledger.verify import Report, node_reader, tail_holds, verify
from servanda.vault import Vault

_ORIGIN = "ledger"
_CHUNK = 1000
_VERIFY = "see what was changed: servanda ledger verify"


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """The ledger of one project. Without a vault it can be read, appended to and verified, but not signed."""

    def __init__(self, db: Database, vault: Vault | None = None, now: Callable[[], datetime] = _now) -> None:
        self._db = db
        self._vault = vault
        self._now = now
        self._grown: tuple[int, str, dict[tuple[int, int], bytes]] = (0, FIRST, {})
        self.origin = db.setting(_ORIGIN) or self._found()

    @property
    def signs(self) -> bool:
        """Return whether there are keys to sign with."""
        return self._vault is not None

    def _found(self) -> str:
        """Name a new ledger; of several processes, the first one to commit decides."""
        with self._db.exclusive("ledger-origin", wait=30):
            if (origin := self._db.setting(_ORIGIN)) is None:
                origin = f"servanda/{secrets.token_hex(16)}"
                self._db.set(_ORIGIN, origin)
        return origin

    # Appending

    def append(self, kind: str, body: Mapping[str, Any]) -> Entry:
        """Append one entry in its own transaction. Raises LedgerError."""
        return self.append_many([(kind, body)])[0]

    def append_many(self, items: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Entry]:
        """Append several entries in one transaction, all or none."""
        listed = list(items)
        with self._db.begin() as connection:
            return self.append_many_in(connection, listed)

    def append_in(self, connection: Connection, kind: str, body: Mapping[str, Any]) -> Entry:
        """Append one entry in the caller's transaction, which `Database.begin` has begun."""
        return self.append_many_in(connection, [(kind, body)])[0]

    def append_many_in(
        self, connection: Connection, items: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> list[Entry]:
        """Append several entries in the caller's transaction; other appenders block until it ends."""
        if not items:
            return []
        self._lock(connection)
        size = _size(connection)
        prev = self._last_leaf(connection, size)
        edge = self._edge(connection, size, prev)
        at = moment(self._now())
        appended: list[Entry] = []
        texts: list[str] = []
        for number, (kind, content) in enumerate(items, size + 1):
            salt, text = secrets.token_hex(16), canonical(content)
            header = make_header(number, at, kind, prev, commit(salt, text))
            appended.append(read_entry(header.decode(), salt, text.decode(), None))
            texts.append(text.decode())
            prev = appended[-1].leaf
        leaves = [bytes.fromhex(item.leaf) for item in appended]
        entries = [{"number": e.number, "at": at, "kind": e.kind, "header": e.header} for e in appended]
        bodies = [
            {"number": e.number, "salt": e.salt, "text": t} for e, t in zip(appended, texts, strict=True)
        ]
        nodes = [
            {"level": level, "position": position, "hash": hash_.hex()}
            for level, position, hash_ in merkle.new_nodes(leaves, size, edge)
        ]
        try:
            connection.execute(insert(entry), entries)
            connection.execute(insert(body), bodies)
            connection.execute(insert(node), nodes)
        except IntegrityError as error:
            raise LedgerError(
                f"the ledger's tail was cut or changed after entry {size}; nothing was added", advice=_VERIFY
            ) from error
        after = size + len(appended)
        self._grown = (after, appended[-1].leaf, {place: edge[place] for place in merkle.edge(after)})
        return appended

    def queue(self, connection: Connection) -> None:
        """Take the append lock until the end of the transaction.

        For transactions that allocate a number of their own before they append.
        """
        self._lock(connection)

    def end_body(self, number: int, reason: str) -> Entry:
        """Delete the body of an entry, and append and return an entry that records it.

        The leaf still verifies. `reason` is permanent and must contain no personal data. Raises
        LedgerError if there is no such entry, and Refused for the ledger's own entries and for a
        body that has already ended.
        """
        with self._db.begin() as connection:
            self._lock(connection)
            record = self._get(connection, number)
            if record.kind.startswith("ledger."):
                raise Refused(f"entry {number} is the ledger's own; its body stays")
            if record.body is None:
                raise Refused(f"the body of entry {number} ended before, on {record.ended_on}")
            today = self._now().date().isoformat()
            ending = self.append_in(connection, BODY_ENDED, {"entry": number, "on": today, "reason": reason})
            ended = update(body).where(body.c.number == number)
            connection.execute(ended.values(salt=None, text=None, ended_on=today))
        return ending

    def _lock(self, connection: Connection) -> None:
        """Take the append lock. Raises LedgerError if the name of the ledger was changed."""
        statement = select(setting.c.value).where(setting.c.name == _ORIGIN).with_for_update()
        if connection.execute(statement).scalar() != self.origin:
            raise LedgerError("the ledger's name was changed", advice=_VERIFY)

    def _edge(self, connection: Connection, size: int, prev: str) -> dict[tuple[int, int], bytes]:
        """The edge of the tree, cached by size and last leaf. Raises LedgerError if a hash is missing."""
        if self._grown[:2] == (size, prev):
            return dict(self._grown[2])
        positions = merkle.edge(size)
        if not positions:
            return {}
        where = or_(
            *(and_(node.c.level == level, node.c.position == position) for level, position in positions)
        )
        hashes = {
            (row.level, row.position): bytes.fromhex(row.hash)
            for row in connection.execute(select(node).where(where))
        }
        if len(hashes) != len(positions):
            raise LedgerError(f"the tree over the first {size} entries has a hole", advice=_VERIFY)
        return hashes

    def _last_leaf(self, connection: Connection, size: int) -> str:
        return node_reader(connection)(0, size - 1).hex() if size else FIRST

    # Reading

    def entries(
        self, kind: str | None = None, since: datetime | None = None, after: int = 0
    ) -> Iterator[Entry]:
        """Yield entries in order; filters are the kind, the earliest time, and numbers above `after`."""
        while True:
            statement = _entries().where(entry.c.number > after).order_by(entry.c.number).limit(_CHUNK)
            if kind is not None:
                statement = statement.where(entry.c.kind == kind)
            if since is not None:
                statement = statement.where(entry.c.at >= moment(since))
            with self._db.read() as connection:
                rows = connection.execute(statement).all()
            for row in rows:
                yield _entry(row)
            if len(rows) < _CHUNK:
                return
            after = rows[-1].number

    def get(self, number: int) -> Entry:
        """Return one entry by number. Raises LedgerError if there is none."""
        with self._db.read() as connection:
            return self._get(connection, number)

    def last(self, kind: str, **match: object) -> Entry | None:
        """Return the newest entry of a kind whose body has these values, or None."""
        before: int | None = None
        while True:
            statement = _entries().where(entry.c.kind == kind).order_by(entry.c.number.desc()).limit(_CHUNK)
            if before is not None:
                statement = statement.where(entry.c.number < before)
            with self._db.read() as connection:
                rows = connection.execute(statement).all()
            for candidate in map(_entry, rows):
                content = candidate.body
                if not match or (
                    content and all(name in content and content[name] == match[name] for name in match)
                ):
                    return candidate
            if len(rows) < _CHUNK:
                return None
            before = rows[-1].number

    def newest_before(self, instant: datetime | None) -> datetime | None:
        """The time of the newest entry, or of the newest one before an instant; None if there is none."""
        statement = select(entry.c.at).order_by(entry.c.number.desc()).limit(1)
        if instant is not None:
            statement = statement.where(entry.c.at < moment(instant))
        with self._db.read() as connection:
            at = connection.execute(statement).scalar()
        return None if at is None else datetime.fromisoformat(at)

    def newest(self, count: int, kind: str | None = None) -> list[Entry]:
        """Return the newest entries in ascending order, optionally of one kind."""
        statement = _entries().order_by(entry.c.number.desc()).limit(count)
        if kind is not None:
            statement = statement.where(entry.c.kind == kind)
        with self._db.read() as connection:
            return [_entry(row) for row in connection.execute(statement)][::-1]

    def open_intents(self) -> list[Entry]:
        """Return the "page.intent" entries without a "page.outcome" for their `page`: interrupted work.

        Each apply closes open intents before it begins, so none precedes the last completed apply.
        """
        pages: dict[str, dict[Any, int]] = {"page.intent": {}, "page.outcome": {}}
        parts = select(entry.c.number, entry.c.kind, body.c.text).join(body, body.c.number == entry.c.number)
        ended = select(func.coalesce(func.max(entry.c.number), 0)).where(entry.c.kind == "apply.ended")
        with self._db.read() as connection:
            later = entry.c.number > (connection.execute(ended).scalar() or 0)
            rows = connection.execute(parts.where(later, entry.c.kind.in_(pages), body.c.text.is_not(None)))
            for number, kind, text in rows:
                pages[kind][json.loads(text).get("page")] = number
        intents, outcomes = pages.values()
        return [self.get(number) for page, number in intents.items() if page not in outcomes]

    def tail(self) -> tuple[int, bytes]:
        """Return the number of entries and the root over them, 32 bytes."""
        with self._db.read() as connection:
            size = _size(connection)
            return size, merkle.root(node_reader(connection), size)

    # Signing and proving

    def public_keys(self) -> dict[str, bytes]:
        """Return the public keys published in this ledger, by id; needs no vault."""
        bodies = (e.body for e in self.entries(KEY_MADE) if e.body)
        return {body["key"]: read_public_key(body["public"])[1] for body in bodies}

    def checkpoint(self) -> Checkpoint:
        """Sign the current size and root, and store the checkpoint. Raises VaultError without a vault.

        A new signing key is first published in the ledger.
        """
        if self._vault is None:
            raise VaultError("a checkpoint needs the signing key", advice="make it with: servanda keys init")
        named_keys, keys = self.public_keys(), self._vault.public_keys()
        for key_id, public in named_keys.items():
            if keys.get(key_id, public) != public:
                raise LedgerError(
                    f"{key_id} of the vault is not the key that the ledger names", advice=_VERIFY
                )
        new = [
            (KEY_MADE, {"key": key_id, "public": key_text(self.origin, keys[key_id])})
            for key_id in keys
            if key_id not in named_keys
        ]
        with self._db.begin() as connection:
            self._lock(connection)
            self.append_many_in(connection, new)
            size = _size(connection)
            root = merkle.root(node_reader(connection), size)
            key_id, signature = self._vault.sign(statement_of(self.origin, size, root))
            signed = Checkpoint(
                self.origin, size, root, signature, key_hash(self.origin, keys[key_id]), key_id
            )
            put(connection, checkpoint, {"size": size, "key_id": key_id, "note": signed.note()})
        self._vault.remember_signed(size, root)
        return signed

    def last_checkpoint(self, covering: int = 0) -> Checkpoint | None:
        """Return the newest checkpoint if it covers entry `covering`, else None."""
        statement = select(checkpoint.c.note).where(checkpoint.c.size >= covering)
        with self._db.read() as connection:
            note = connection.execute(statement.order_by(checkpoint.c.size.desc()).limit(1)).scalar()
        return None if note is None else parse_checkpoint(note)

    def prove(self, number: int) -> Proof:
        """Prove one entry under the newest checkpoint; signs a new one if none covers it.

        Raises LedgerError if there is no such entry, or if the stored hashes do not match it.
        """
        target = self.get(number)
        ending = self._ending(number) if target.body is None else None
        needed = max(number, ending.number if ending else 0)
        signed = self.last_checkpoint(needed) or self.checkpoint()
        with self._db.read() as connection:
            nodes = node_reader(connection)
            inclusion = _included(target, nodes, signed.size)
            ended = _included(ending, nodes, signed.size) if ending else None
        proof = Proof(
            format=1,
            index=number - 1,
            size=signed.size,
            checkpoint=signed.note(),
            ended=ended,
            header=inclusion.header,
            body=inclusion.body,
            hashes=inclusion.hashes,
        )
        verify_proof(proof, self.public_keys())
        return proof

    def consistency(self, old_size: int, new_size: int) -> list[str]:
        """Return the consistency proof, in hex, from size `old_size` to `new_size`."""
        with self._db.read() as connection:
            if not 0 <= old_size <= new_size <= _size(connection):
                raise LedgerError(f"this ledger never had {old_size} and later {new_size} entries")
            return [hash_.hex() for hash_ in merkle.consistency(node_reader(connection), old_size, new_size)]

    def verify(self, reference: Checkpoint | None = None) -> Report:
        """Check every entry, body, hash and checkpoint; faults are in the report, not raised.

        `reference` is a checkpoint that was kept elsewhere. With a vault, its keys are checked, too, and the size
        and root that it remembers of the newest signature.
        """
        trusted = self._vault.public_keys() if self._vault else None
        signed = self._vault.signed() if self._vault else None
        with self._db.read() as connection:
            return verify(connection, self.origin, reference, trusted, signed)

    def accept_restored(self, reason: str, second: str) -> Entry:
        """Go on from an older state of this ledger, which the vault remembers to have been longer.

        Appends an entry that records size and root of what is lost, and signs. Raises Refused if nothing is lost, or
        if the ledger has any other fault.
        """
        report = self.verify()
        if self._vault is None or report.forgotten is None:
            raise Refused("no signed entry is lost", advice="look again with: servanda ledger verify")
        if len(report.faults) > 1:
            raise Refused(
                f"the ledger has other faults, too: {next(f.says for f in report.faults if 'vault' not in f.says)}",
                advice="restore a copy of Servanda's database that verifies",
            )
        size, root = report.forgotten
        lost = {"size": size, "root": root.hex(), "reason": reason, "second": second}
        entry = self.append("ledger.accepted", lost)
        self._vault.forget_signed()
        self.checkpoint()
        return entry

    def require(self, *, tail: bool = False) -> None:
        """Raise Refused if the ledger does not verify; with `tail`, check only entries after the last checkpoint."""
        if tail and self._tail_holds():
            return
        report = self.verify()
        if not report.ok:
            raise Refused(
                f"the ledger does not verify: {report.faults[0]}",
                advice="look at it with: servanda ledger verify; nothing was changed",
            )

    def _tail_holds(self) -> bool:
        if self._vault is None:
            return False
        with suppress(LedgerError), self._db.read() as connection:
            return tail_holds(connection, self.origin, self._vault.public_keys(), self._vault.signed())
        return False

    def _ending(self, number: int) -> Entry:
        ending = self.last(BODY_ENDED, entry=number)
        if ending is None:
            raise LedgerError(f"the body of entry {number} is gone and no entry says why", advice=_VERIFY)
        return ending

    def _get(self, connection: Connection, number: int) -> Entry:
        row = connection.execute(_entries().where(entry.c.number == number)).one_or_none()
        if row is None:
            raise LedgerError(
                f"there is no entry {number}; the ledger has {_size(connection)}",
                advice="list them with: servanda ledger show",
            )
        return _entry(row)


def _entries() -> Select[Any]:
    parts = (entry.c.number, entry.c.header, body.c.salt, body.c.text, body.c.ended_on)
    return select(*parts).select_from(entry.outerjoin(body, body.c.number == entry.c.number))


def _entry(row: Row[Any]) -> Entry:
    return read_entry(row.header, row.salt, row.text, row.ended_on)


def _size(connection: Connection) -> int:
    return connection.execute(select(func.max(entry.c.number))).scalar() or 0


def _included(record: Entry, nodes: merkle.Nodes, size: int) -> Inclusion:
    header = Header(
        number=record.number,
        at=moment(record.at),
        kind=record.kind,
        prev=record.prev,
        body=record.commitment,
    )
    content = None
    if record.body is not None and record.salt is not None:
        content = Body(salt=record.salt, says=dict(record.body))
    hashes = tuple(hash_.hex() for hash_ in merkle.inclusion(nodes, record.number - 1, size))
    return Inclusion(header=header, body=content, hashes=hashes)
