"""Verifying the ledger: every byte is held against something that binds it.

    a column of an entry   its header          a stored hash     the two below it
    a header               its stored leaf     the root          every checkpoint of that size
    the order              `prev`, the number  a checkpoint      its signature
    a body                 its commitment      an ended body     the entry that ended it

What is changed together with everything above it shows against a checkpoint; what was
rewritten with a stolen key too, against a checkpoint that was kept elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select

from servanda.database.tables import body, checkpoint, entry, node
from servanda.errors import LedgerError
from servanda.ledger import merkle
from servanda.ledger.checkpoint import Checkpoint, parse_checkpoint, read_public_key
from servanda.ledger.entry import BODY_ENDED, FIRST, KEY_MADE, commit, is_hash, is_salt

_PART = 4096
"""How many entries are read at once; a power of two, so that whole subtrees are complete at its end."""
_FAR = 1000
"""How many entries may be missing one after the other before the number of the next is taken for changed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit; `number` is the entry's, None where it is no entry's."""

    number: int | None
    says: str

    def __str__(self) -> str:
        return self.says


@dataclass(frozen=True, slots=True)
class Report:
    """What verifying saw. `signed` is the size of the newest good checkpoint, 0 without one."""

    size: int
    root: bytes
    ended: int
    signed: int
    signed_at: datetime | None
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether everything fits."""
        return not self.faults


@dataclass(slots=True)
class _Seen:
    """What was collected on the way through the entries."""

    faults: list[Fault] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)
    endings: dict[int, str] = field(default_factory=dict)

    def fault(self, number: int | None, says: str) -> None:
        """Note one thing that does not fit."""
        self.faults.append(Fault(number, says))


def verify(
    connection: Connection,
    origin: str,
    kept: Checkpoint | None = None,
    trusted: Mapping[str, bytes] | None = None,
) -> Report:
    """Check the whole ledger in one pass, part by part: however long it is, it takes no more memory.

    `kept` is a checkpoint from elsewhere, `trusted` the public keys of the vault.
    """
    seen = _Seen()
    signed = list(_checkpoints(connection, seen))
    tree = _Tree({0, *(one.size for one in signed), *([] if kept is None else [kept.size])})
    _walk(connection, tree, seen)
    _endings(seen)
    _strangers(connection, tree.size, seen)
    for key_id, public in (trusted or {}).items():
        if seen.keys.get(key_id, public) != public:
            seen.fault(None, f"the ledger names another key {key_id} than the vault holds")
    if trusted is not None:
        for key_id in sorted(set(seen.keys) - set(trusted)):
            seen.fault(None, f"the ledger names a key {key_id} that the vault never made")
    good: Checkpoint | None = None
    root = tree.roots.__getitem__
    for one in signed:
        if _fits(one, f"the stored checkpoint of size {one.size}", origin, tree.size, root, seen):
            good = one
    if kept is not None:
        _fits(kept, f"the kept checkpoint of size {kept.size}", origin, tree.size, root, seen)
    return Report(
        size=tree.size,
        root=tree.root(),
        ended=len(seen.ended),
        signed=good.size if good else 0,
        signed_at=good.at if good else None,
        faults=tuple(sorted(seen.faults, key=lambda fault: (fault.number is None, fault.number or 0))),
    )


def node_reader(connection: Connection) -> merkle.Nodes:
    """Return a reader of single hashes; a missing one is a LedgerError."""

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


def tail_holds(connection: Connection, origin: str, trusted: Mapping[str, bytes]) -> bool:
    """Whether the newest checkpoint signs the stored tree, and every entry since then fits; raises LedgerError.

    It reads none of the entries that were signed before, however many they are: that one of those was changed,
    and its hash was not, `verify` alone finds. False where nothing was signed yet, or a body ended since.
    """
    seen, nodes = _Seen(keys=dict(trusted)), node_reader(connection)
    signed = next(_checkpoints(connection, seen, newest=True), None)
    if signed is None or not signed.size:
        return False
    if not _fits(signed, "the newest", origin, signed.size, lambda size: merkle.root(nodes, size), seen):
        return False
    known = {(level, at): nodes(level, at) for level, at in merkle.edge(signed.size)}
    prev, leaves = nodes(0, signed.size - 1), list[bytes]()
    for row in connection.execute(_joined().where(entry.c.number > signed.size)):
        if row.number != signed.size + len(leaves) + 1:
            return False
        _entry(row, prev, seen)
        prev = merkle.leaf_hash(row.header.encode())
        leaves.append(prev)
    grown = {(level, at): hash_.hex() for level, at, hash_ in merkle.grown(leaves, signed.size, known)}
    newest = int(connection.execute(select(func.max(entry.c.number))).scalar() or 0)
    top = newest.bit_length()
    since = _levels(top, [node.c.position >= signed.size >> level for level in range(top)])
    stored = {(level, at): hash_ for level, at, hash_ in connection.execute(select(node).where(since))}
    whole = newest == signed.size + len(leaves) and stored == grown
    return whole and not (seen.faults or seen.ended or seen.endings)


class _Tree:
    """The tree over the entries: it grows leaf by leaf, and is held against the stored one; `roots` at some sizes."""

    def __init__(self, wanted: AbstractSet[int]) -> None:
        self.size = 0
        self.roots: dict[int, bytes] = {}
        self._wanted = wanted
        self._known: dict[tuple[int, int], bytes] = {}
        self._note()

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return merkle.root(lambda level, position: self._known[level, position], self.size)

    def add(self, leaf: bytes, stored: Mapping[tuple[int, int], bytes], seen: _Seen) -> None:
        """Add a leaf; every subtree that it completes must be stored."""
        for level, position, hash_ in merkle.grown([leaf], self.size, self._known):
            if (level, position) not in stored:
                seen.fault(None, f"the stored hash ({level}, {position}) is missing")
            elif stored[level, position] != hash_:
                seen.fault(None, f"the stored hash ({level}, {position}) was changed, or one below it")
        self.size += 1
        self._note()

    def forget(self) -> None:
        """Forget all but what growing needs."""
        self._known = {place: self._known[place] for place in merkle.edge(self.size)}

    def _note(self) -> None:
        if self.size in self._wanted:
            self.roots[self.size] = self.root()


def _walk(connection: Connection, tree: _Tree, seen: _Seen) -> None:
    """Go through the entries in order; what is missing is stood in for by its stored leaf."""
    counted = max(
        int(connection.execute(query).scalar() or 0)
        for query in (select(func.count(entry.c.number)), select(func.count()).where(node.c.level == 0))
    )
    nearest = select(func.max(entry.c.number)).where(entry.c.number <= counted + _FAR)
    last = int(connection.execute(nearest).scalar() or 0)
    prev: bytes = bytes.fromhex(FIRST)
    while True:
        rows, stored = _part(connection, tree.size, seen)
        for number in range(tree.size + 1, tree.size + _PART + 1):
            row, leaf = rows.get(number), stored.get((0, number - 1))
            if row is not None:
                prev = _leaf(row, prev, leaf, seen)
            elif leaf is not None or number <= last:
                cut = "" if number <= last else ": the tail was cut"
                seen.fault(number, f"entry {number} is missing{cut}")
                prev = leaf or b""
            else:
                return
            tree.add(prev, stored, seen)
        tree.forget()


def _part(
    connection: Connection, after: int, seen: _Seen
) -> tuple[dict[int, Row[Any]], dict[tuple[int, int], bytes]]:
    """The next entries, and the stored hashes of the subtrees that they complete."""
    end = after + _PART
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
            seen.fault(None, f"the stored hash ({level}, {position}) is no hash")
    return rows, stored


def _leaf(row: Row[Any], prev: bytes, stored: bytes | None, seen: _Seen) -> bytes:
    """Check one entry, and give its leaf: the stored one, where there is one."""
    leaf = merkle.leaf_hash(row.header.encode())
    if stored != leaf:
        seen.fault(row.number, f"entry {row.number} was changed: its header is not the one in the tree")
    _entry(row, prev, seen)
    return leaf if stored is None else stored


def _strangers(connection: Connection, size: int, seen: _Seen) -> None:
    """Find what belongs to none of the entries that were walked through."""
    for (number,) in connection.execute(select(entry.c.number).where(~entry.c.number.between(1, size))):
        where = f"stands far behind entry {size}" if number > 0 else "cannot be, for the first is 1"
        seen.fault(number, f"entry {number} {where}: its number was changed")
    top = size.bit_length()
    outside = [or_(node.c.position < 0, node.c.position >= size >> level) for level in range(top)]
    beyond = _levels(top, outside)
    for level, position in connection.execute(select(node.c.level, node.c.position).where(beyond)):
        seen.fault(None, f"the stored hash ({level}, {position}) is of no entry here")
    known = exists().where(entry.c.number == body.c.number)
    for (number,) in connection.execute(select(body.c.number).where(~known)):
        seen.fault(number, f"a body {number} belongs to no entry")


def _levels(top: int, each: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Stored hashes that meet something on each level below `top`, and all those of no such level; by their key."""
    below = (and_(node.c.level == level, met) for level, met in enumerate(each))
    return or_(node.c.level < 0, node.c.level >= top, *below)


def _joined() -> Select[Any]:
    """The entries with their bodies, in order."""
    joined = entry.outerjoin(body, body.c.number == entry.c.number)
    columns = (entry, body.c.number.label("body"), body.c.salt, body.c.text, body.c.ended_on)
    return select(*columns).select_from(joined).order_by(entry.c.number)


def _entry(row: Row[Any], prev: bytes, seen: _Seen) -> None:
    """Check one entry against its own header, its predecessor and its body."""
    number = row.number
    try:
        said = json.loads(row.header)
        header = {name: said[name] for name in ("number", "at", "kind", "prev", "body")}
    except (ValueError, KeyError, TypeError):
        seen.fault(number, f"entry {number} was changed: its header cannot be read")
        return
    for name in ("number", "at", "kind"):
        if header[name] != getattr(row, name):
            seen.fault(number, f"entry {number} was changed: its {name} is not the one in its header")
    if header["prev"] != prev.hex():
        seen.fault(number, f"entry {number} does not follow entry {number - 1}: one of them was put there")
    if row.body is None:
        seen.fault(number, f"entry {number} has lost its body, and no entry says that it ended")
    elif row.text is None and row.salt is None and row.ended_on:
        seen.ended[number] = row.ended_on
    elif row.text is None or row.ended_on is not None or not is_salt(row.salt):
        seen.fault(number, f"the body of entry {number} was changed: it is neither whole nor ended")
    elif commit(row.salt, row.text.encode()) != header["body"]:
        seen.fault(number, f"the body of entry {number} was changed")
    elif header["kind"] in (KEY_MADE, BODY_ENDED):
        _own(number, header["kind"], json.loads(row.text), seen)


def _own(number: int, kind: str, said: Mapping[str, Any], seen: _Seen) -> None:
    """Take in what the ledger says of itself: its keys, and which bodies ended."""
    try:
        if kind == BODY_ENDED:
            seen.endings[said["entry"]] = said["on"]
            return
        key_id, public = read_public_key(said["public"])
        if seen.keys.setdefault(key_id, public) != public:
            seen.fault(number, f"entry {number} names a second key {key_id}")
    except (LedgerError, KeyError, TypeError):
        seen.fault(number, f"entry {number} of the ledger itself cannot be read")


def _endings(seen: _Seen) -> None:
    """Hold the bodies that ended against the entries that say so."""
    for number, on in seen.ended.items():
        if seen.endings.get(number) != on:
            seen.fault(number, f"the body of entry {number} is gone, and no entry says that it ended on {on}")
    for number in seen.endings.keys() - seen.ended.keys():
        seen.fault(number, f"the body of entry {number} has ended, and yet there is one")


def _checkpoints(connection: Connection, seen: _Seen, *, newest: bool = False) -> Iterator[Checkpoint]:
    """The stored checkpoints that can be read, the oldest first; or the newest alone."""
    last = select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)
    for row in connection.execute(last if newest else select(checkpoint).order_by(checkpoint.c.size)):
        try:
            found = parse_checkpoint(row.note)
        except LedgerError:
            seen.fault(None, f"the stored checkpoint of size {row.size} was changed")
            continue
        if (found.size, found.key_id) != (row.size, row.key_id):
            seen.fault(
                None, f"the stored checkpoint of size {row.size} was changed: its note says {found.size}"
            )
            continue
        yield found


def _fits(
    signed: Checkpoint,
    name: str,
    origin: str,
    size: int,
    root: Callable[[int], bytes],
    seen: _Seen,
) -> bool:
    """Check a checkpoint's signature, and that it signs the beginning of this ledger."""
    if signed.origin != origin:
        seen.fault(None, f"{name} is of another ledger")
    elif signed.size > size:
        gone = (
            f"entry {size + 1} is" if signed.size == size + 1 else f"entries {size + 1} to {signed.size} are"
        )
        seen.fault(size + 1, f"{gone} missing: {name} saw them, and the tail was cut")
    elif signed.key_id not in seen.keys:
        seen.fault(None, f"{name} is signed with {signed.key_id}, which this ledger does not name")
    elif not signed.is_signed_by(seen.keys[signed.key_id]):
        seen.fault(None, f"{name} does not bear the signature of {signed.key_id}")
    elif root(signed.size) != signed.root:
        seen.fault(
            None, f"{name} signs other entries: one of the first {signed.size} was changed or put there"
        )
    else:
        return True
    return False
