"""Verifies the ledger: every stored value is checked against one that binds it.

    a column of an entry   its header          a stored hash     the two below it
    a header               its stored leaf     the root          every checkpoint of that size
    the order              `prev`, the number  a checkpoint      its signature
    a body                 its commitment      an ended body     the entry that ended it

A rewrite of an entry with all hashes above it fails against a checkpoint; a rewrite signed with a
stolen key fails only against a checkpoint that was kept elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select

from servanda.database.tables import body, checkpoint, entry, node
from servanda.errors import LedgerError
from servanda.ledger import merkle
from servanda.ledger.checkpoint import Checkpoint, parse_checkpoint, read_public_key
from servanda.ledger.entry import BODY_ENDED, FIRST, KEY_MADE, commit, is_hash, is_salt

_BATCH = 4096
"""The batch size in entries; a power of two, so that a batch completes whole subtrees."""
_MAX_GAP = 1000
"""The largest gap of entries reported as missing; after a larger one, the next number counts as changed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault; `number` is that of the entry, or None if it concerns no entry."""

    number: int | None
    says: str

    def __str__(self) -> str:
        return self.says


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification. `signed` is the size of the newest valid checkpoint, or 0.

    `signed_at` is the time of the last entry that it signs. `forgotten` is the size and root that the vault
    remembers, if this ledger is another one or an older state of it; one of the faults says so.
    """

    size: int
    root: bytes
    ended: int
    signed: int
    signed_at: datetime | None
    faults: tuple[Fault, ...]
    forgotten: tuple[int, bytes] | None = None

    @property
    def ok(self) -> bool:
        """Return whether there are no faults."""
        return not self.faults

    @property
    def unsigned(self) -> int:
        """The number of entries that no valid checkpoint signs yet."""
        return self.size - self.signed


@dataclass(slots=True)
class _Verification:
    """The state of a verification: faults, keys and ended bodies found so far."""

    faults: list[Fault] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)
    endings: dict[int, str] = field(default_factory=dict)

    def fault(self, number: int | None, says: str) -> None:
        """Record a fault."""
        self.faults.append(Fault(number, says))


def verify(
    connection: Connection,
    origin: str,
    reference: Checkpoint | None = None,
    trusted: Mapping[str, bytes] | None = None,
    remembered: tuple[int, bytes] | None = None,
) -> Report:
    """Verify the whole ledger in one pass, in batches with constant memory.

    `reference` is a checkpoint kept elsewhere, `trusted` are the public keys of the vault, `remembered` the size and
    root of the newest signature that was made with them.
    """
    state = _Verification()
    signed = list(_checkpoints(connection, state))
    tree = _Tree(
        {
            0,
            *(stored_checkpoint.size for stored_checkpoint in signed),
            *([] if reference is None else [reference.size]),
            *([] if remembered is None else [remembered[0]]),
        }
    )
    _walk(connection, tree, state)
    _endings(state)
    _orphan_rows(connection, tree.size, state)
    for key_id, public in (trusted or {}).items():
        if state.keys.get(key_id, public) != public:
            state.fault(None, f"the ledger names another key {key_id} than the vault holds")
    if trusted is not None:
        for key_id in sorted(set(state.keys) - set(trusted)):
            state.fault(None, f"the ledger names a key {key_id} that the vault never made")
    good: Checkpoint | None = None
    root = tree.roots.__getitem__
    for stored_checkpoint in signed:
        if _fits(
            stored_checkpoint,
            f"the stored checkpoint of size {stored_checkpoint.size}",
            origin,
            tree.size,
            root,
            state,
        ):
            good = stored_checkpoint
    if reference is not None:
        _fits(reference, f"the kept checkpoint of size {reference.size}", origin, tree.size, root, state)
    known = remembered is None or _is_remembered(remembered, tree, state)
    return Report(
        size=tree.size,
        root=tree.root(),
        ended=len(state.ended),
        signed=good.size if good else 0,
        signed_at=_time_of(connection, good.size) if good else None,
        faults=tuple(sorted(state.faults, key=lambda fault: (fault.number is None, fault.number or 0))),
        forgotten=None if known else remembered,
    )


def node_reader(connection: Connection) -> merkle.Nodes:
    """Return a reader of single hashes; it raises LedgerError for a missing one."""

    def read(level: int, position: int) -> bytes:
        where = and_(node.c.level == level, node.c.position == position)
        hash_ = connection.execute(select(node.c.hash).where(where)).scalar()
        if not is_hash(hash_):
            raise LedgerError(
                "a hash of the ledger's tree is missing or changed",
                advice="see what was changed: servanda ledger verify",
            )
        return bytes.fromhex(str(hash_))

    return read


def tail_holds(
    connection: Connection,
    origin: str,
    trusted: Mapping[str, bytes],
    remembered: tuple[int, bytes] | None = None,
) -> bool:
    """Return whether the newest checkpoint signs the stored tree, and all later entries verify.

    Signed entries are not read: only `verify` finds a change in them that left their hash untouched. False
    without a checkpoint, if a body has ended since, or if the vault `remembered` another signature (size and root).
    Raises LedgerError.
    """
    state, nodes = _Verification(keys=dict(trusted)), node_reader(connection)
    signed = next(_checkpoints(connection, state, newest=True), None)
    if signed is None or not signed.size:
        return False
    if not _fits(signed, "the newest", origin, signed.size, lambda size: merkle.root(nodes, size), state):
        return False
    if remembered is not None and (
        remembered[0] > signed.size or merkle.root(nodes, remembered[0]) != remembered[1]
    ):
        return False
    edge = {(level, at): nodes(level, at) for level, at in merkle.edge(signed.size)}
    prev, leaves = nodes(0, signed.size - 1), list[bytes]()
    for row in connection.execute(_joined().where(entry.c.number > signed.size)):
        if row.number != signed.size + len(leaves) + 1:
            return False
        _entry(row, prev, state)
        prev = merkle.leaf_hash(row.header.encode())
        leaves.append(prev)
    grown = {(level, at): hash_.hex() for level, at, hash_ in merkle.new_nodes(leaves, signed.size, edge)}
    newest = int(connection.execute(select(func.max(entry.c.number))).scalar() or 0)
    top = newest.bit_length()
    since = _levels(top, [node.c.position >= signed.size >> level for level in range(top)])
    stored = {(level, at): hash_ for level, at, hash_ in connection.execute(select(node).where(since))}
    whole = newest == signed.size + len(leaves) and stored == grown
    return whole and not (state.faults or state.ended or state.endings)


class _Tree:
    """The tree, rebuilt leaf by leaf and compared with the stored one; keeps its roots at given sizes."""

    def __init__(self, sizes: AbstractSet[int]) -> None:
        self.size = 0
        self.roots: dict[int, bytes] = {}
        self._wanted = sizes
        self._known: dict[tuple[int, int], bytes] = {}
        self._note()

    def root(self) -> bytes:
        """The root of all leaves so far."""
        return merkle.root(lambda level, position: self._known[level, position], self.size)

    def add(self, leaf: bytes, stored: Mapping[tuple[int, int], bytes], state: _Verification) -> None:
        """Add a leaf and compare every subtree that it completes with the stored hash."""
        for level, position, hash_ in merkle.new_nodes([leaf], self.size, self._known):
            if (level, position) not in stored:
                state.fault(None, f"the stored hash ({level}, {position}) is missing")
            elif stored[level, position] != hash_:
                state.fault(None, f"the stored hash ({level}, {position}) was changed, or one below it")
        self.size += 1
        self._note()

    def forget(self) -> None:
        """Drop all hashes except the edge."""
        self._known = {place: self._known[place] for place in merkle.edge(self.size)}

    def _note(self) -> None:
        if self.size in self._wanted:
            self.roots[self.size] = self.root()


def _walk(connection: Connection, tree: _Tree, state: _Verification) -> None:
    """Check the entries in order; a missing entry is replaced by its stored leaf."""
    counted = max(
        int(connection.execute(query).scalar() or 0)
        for query in (select(func.count(entry.c.number)), select(func.count()).where(node.c.level == 0))
    )
    nearest = select(func.max(entry.c.number)).where(entry.c.number <= counted + _MAX_GAP)
    last = int(connection.execute(nearest).scalar() or 0)
    prev: bytes = bytes.fromhex(FIRST)
    while True:
        rows, stored = _batch(connection, tree.size, state)
        for number in range(tree.size + 1, tree.size + _BATCH + 1):
            row, leaf = rows.get(number), stored.get((0, number - 1))
            if row is not None:
                prev = _leaf(row, prev, leaf, state)
            elif leaf is not None or number <= last:
                cut = "" if number <= last else ": the tail was cut"
                state.fault(number, f"entry {number} is missing{cut}")
                prev = leaf or b""
            else:
                return
            tree.add(prev, stored, state)
        tree.forget()


def _batch(
    connection: Connection, after: int, state: _Verification
) -> tuple[dict[int, Row[Any]], dict[tuple[int, int], bytes]]:
    """The next batch of entries, and the stored hashes of the subtrees that it completes."""
    end = after + _BATCH
    found = connection.execute(_joined().where(entry.c.number > after, entry.c.number <= end))
    rows = {row.number: row for row in found}
    ranges = ((level, after >> level, (end >> level) - 1) for level in range(end.bit_length()))
    among = (
        and_(node.c.level == level, node.c.position.between(first, last))
        for level, first, last in ranges
        if first <= last
    )
    stored: dict[tuple[int, int], bytes] = {}
    for level, position, hash_ in connection.execute(select(node).where(or_(*among))):
        if is_hash(hash_):
            stored[level, position] = bytes.fromhex(hash_)
        else:
            state.fault(None, f"the stored hash ({level}, {position}) is no hash")
    return rows, stored


def _leaf(row: Row[Any], prev: bytes, stored: bytes | None, state: _Verification) -> bytes:
    """Check one entry and return its leaf: the stored one, if any."""
    leaf = merkle.leaf_hash(row.header.encode())
    if stored != leaf:
        state.fault(row.number, f"entry {row.number} was changed: its header is not the one in the tree")
    _entry(row, prev, state)
    return leaf if stored is None else stored


def _orphan_rows(connection: Connection, size: int, state: _Verification) -> None:
    """Report stored bodies and hashes that belong to no entry."""
    for (number,) in connection.execute(select(entry.c.number).where(~entry.c.number.between(1, size))):
        where = f"stands far behind entry {size}" if number > 0 else "cannot be, for the first is 1"
        state.fault(number, f"entry {number} {where}: its number was changed")
    top = size.bit_length()
    outside = [or_(node.c.position < 0, node.c.position >= size >> level) for level in range(top)]
    beyond = _levels(top, outside)
    for level, position in connection.execute(select(node.c.level, node.c.position).where(beyond)):
        state.fault(None, f"the stored hash ({level}, {position}) is of no entry here")
    has_entry = exists().where(entry.c.number == body.c.number)
    for (number,) in connection.execute(select(body.c.number).where(~has_entry)):
        state.fault(number, f"a body {number} belongs to no entry")


def _levels(top: int, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """A condition on stored hashes: a separate one per level below `top`, and any other level."""
    below = (and_(node.c.level == level, met) for level, met in enumerate(conditions))
    return or_(node.c.level < 0, node.c.level >= top, *below)


def _joined() -> Select[Any]:
    """The query of entries with their bodies, in order."""
    joined = entry.outerjoin(body, body.c.number == entry.c.number)
    columns = (entry, body.c.number.label("body"), body.c.salt, body.c.text, body.c.ended_on)
    return select(*columns).select_from(joined).order_by(entry.c.number)


def _entry(row: Row[Any], prev: bytes, state: _Verification) -> None:
    """Check one entry against its header, its predecessor and its body."""
    number = row.number
    try:
        fields = json.loads(row.header)
        header = {name: fields[name] for name in ("number", "at", "kind", "prev", "body")}
    except (ValueError, KeyError, TypeError):
        state.fault(number, f"entry {number} was changed: its header cannot be read")
        return
    for name in ("number", "at", "kind"):
        if header[name] != getattr(row, name):
            state.fault(number, f"entry {number} was changed: its {name} is not the one in its header")
    if header["prev"] != prev.hex():
        state.fault(number, f"entry {number} does not follow entry {number - 1}: one of them was put there")
    if row.body is None:
        state.fault(number, f"entry {number} has lost its body, and no entry says that it ended")
    elif row.text is None and row.salt is None and row.ended_on:
        state.ended[number] = row.ended_on
    elif row.text is None or row.ended_on is not None or not is_salt(row.salt):
        state.fault(number, f"the body of entry {number} was changed: it is neither whole nor ended")
    elif commit(row.salt, row.text.encode()) != header["body"]:
        state.fault(number, f"the body of entry {number} was changed")
    elif header["kind"] in (KEY_MADE, BODY_ENDED):
        _record_own_entry(number, header["kind"], json.loads(row.text), state)


def _record_own_entry(number: int, kind: str, content: Mapping[str, Any], state: _Verification) -> None:
    """Collect the published keys and ended bodies from the ledger's own entries."""
    try:
        if kind == BODY_ENDED:
            state.endings[content["entry"]] = content["on"]
            return
        key_id, public = content["key"], read_public_key(content["public"])[1]
        if state.keys.setdefault(key_id, public) != public:
            state.fault(number, f"entry {number} names a second key {key_id}")
    except (LedgerError, KeyError, TypeError):
        state.fault(number, f"entry {number} of the ledger itself cannot be read")


def _endings(state: _Verification) -> None:
    """Check that every ended body has an entry that records its end, and the reverse."""
    for number, on in state.ended.items():
        if state.endings.get(number) != on:
            state.fault(
                number, f"the body of entry {number} is gone, and no entry says that it ended on {on}"
            )
    for number in state.endings.keys() - state.ended.keys():
        state.fault(number, f"the body of entry {number} has ended, and yet there is one")


def _checkpoints(
    connection: Connection, state: _Verification, *, newest: bool = False
) -> Iterator[Checkpoint]:
    """Yield the stored checkpoints that parse, the oldest first; or only the newest."""
    last = select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)
    for row in connection.execute(last if newest else select(checkpoint).order_by(checkpoint.c.size)):
        try:
            parsed = parse_checkpoint(row.note)
        except LedgerError:
            state.fault(None, f"the stored checkpoint of size {row.size} was changed")
            continue
        if parsed.size != row.size:
            state.fault(
                None, f"the stored checkpoint of size {row.size} was changed: its note says {parsed.size}"
            )
            continue
        yield replace(parsed, key_id=row.key_id or "no key")


def _is_remembered(remembered: tuple[int, bytes], tree: _Tree, state: _Verification) -> bool:
    """Return whether the ledger had the size and root that the vault remembers.

    Who has only the database cannot change what the vault remembers.
    """
    size, root = remembered
    if size > tree.size:
        missing = f"entry {size} is" if size == tree.size + 1 else f"entries {tree.size + 1} to {size} are"
        state.fault(
            tree.size + 1,
            f"{missing} missing: the vault remembers that they were signed. Servanda's database was restored from "
            "a backup, or its tail was cut",
        )
    elif tree.roots[size] != root:
        state.fault(
            None,
            f"the vault remembers another root of the first {size} entries: Servanda's database was restored from "
            "a backup and went on, or entries were changed",
        )
    return size <= tree.size and tree.roots[size] == root


def _time_of(connection: Connection, number: int) -> datetime | None:
    """The time of an entry; None if it is missing or cannot be read."""
    at = connection.execute(select(entry.c.at).where(entry.c.number == number)).scalar()
    with suppress(ValueError):
        return None if at is None else datetime.fromisoformat(at)
    return None


def _fits(
    signed: Checkpoint,
    name: str,
    origin: str,
    size: int,
    root: Callable[[int], bytes],
    state: _Verification,
) -> bool:
    """Check a checkpoint's signature, and that its root is that of this ledger at its size."""
    if signed.origin != origin:
        state.fault(None, f"{name} is of another ledger")
    elif signed.size > size:
        missing = (
            f"entry {size + 1} is" if signed.size == size + 1 else f"entries {size + 1} to {signed.size} are"
        )
        state.fault(size + 1, f"{missing} missing: {name} saw them, and the tail was cut")
    elif (key_id := signed.signer(state.keys)) is None:
        hash_ = signed.key_hash.hex()
        state.fault(None, f"{name} is signed with a key that this ledger does not name ({hash_})")
    elif signed.key_id not in ("", key_id):
        state.fault(None, f"{name} is signed with {key_id}, and stored as of {signed.key_id}")
    elif not signed.is_signed_by(state.keys[key_id]):
        state.fault(None, f"{name} does not bear the signature of {key_id}")
    elif root(signed.size) != signed.root:
        state.fault(
            None, f"{name} signs other entries: one of the first {signed.size} was changed or put there"
        )
    else:
        return True
    return False
