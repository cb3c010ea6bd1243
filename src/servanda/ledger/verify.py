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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from servanda.database.tables import body, checkpoint, entry, node
from servanda.errors import LedgerError
from servanda.ledger import merkle
from servanda.ledger.checkpoint import Checkpoint, parse_checkpoint, read_public_key
from servanda.ledger.entry import BODY_ENDED, FIRST, KEY_MADE, commit, is_hash, is_salt


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
    leaves: list[bytes] = field(default_factory=list)
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
    """Check the whole ledger in one pass.

    `kept` is a checkpoint from elsewhere, `trusted` the public keys of the vault.
    """
    seen = _Seen()
    levels = _levels(connection, seen)
    _entries(connection, levels[0], seen)
    _endings(seen)
    _tree(levels, len(seen.leaves), seen)
    size = len(seen.leaves)
    nodes = _whole(seen.leaves)
    for key_id, public in (trusted or {}).items():
        if seen.keys.get(key_id, public) != public:
            seen.fault(None, f"the ledger names another key {key_id} than the vault holds")
    if trusted is not None:
        for key_id in sorted(set(seen.keys) - set(trusted)):
            seen.fault(None, f"the ledger names a key {key_id} that the vault never made")
    good: Checkpoint | None = None
    for stored in _checkpoints(connection, seen):
        if _fits(
            stored, f"the stored checkpoint of size {stored.size}", origin, size, nodes, seen.keys, seen
        ):
            good = stored
    if kept is not None:
        _fits(kept, f"the kept checkpoint of size {kept.size}", origin, size, nodes, seen.keys, seen)
    return Report(
        size=size,
        root=merkle.root(nodes, size),
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
    if not _fits(signed, "the newest checkpoint", origin, signed.size, nodes, seen.keys, seen):
        return False
    known = {(level, at): nodes(level, at) for level, at in merkle.edge(signed.size)}
    prev = nodes(0, signed.size - 1)
    for row in connection.execute(_joined().where(entry.c.number > signed.size)):
        if row.number != signed.size + len(seen.leaves) + 1:
            return False
        _entry(row, prev, seen)
        prev = merkle.leaf_hash(row.header.encode())
        seen.leaves.append(prev)
    grown = {(level, at): hash_.hex() for level, at, hash_ in merkle.grown(seen.leaves, signed.size, known)}
    newest = int(connection.execute(select(func.max(entry.c.number))).scalar() or 0)
    top = newest.bit_length()
    grew = (and_(node.c.level == n, node.c.position >= signed.size >> n) for n in range(top))
    since = or_(~node.c.level.between(0, top - 1), *grew)
    stored = {(n, at): hash_ for n, at, hash_ in connection.execute(select(node).where(since))}
    whole = newest == signed.size + len(seen.leaves) and stored == grown
    return whole and not (seen.faults or seen.ended or seen.endings)


def _levels(connection: Connection, seen: _Seen) -> list[dict[int, bytes]]:
    """Read the stored tree, level by level."""
    levels: list[dict[int, bytes]] = [{}]
    for level, position, hash_ in connection.execute(select(node.c.level, node.c.position, node.c.hash)):
        if not (0 <= level < 64 and position >= 0 and is_hash(hash_)):
            seen.fault(None, f"the stored hash ({level}, {position}) is no hash")
            continue
        while len(levels) <= level:
            levels.append({})
        levels[level][position] = bytes.fromhex(hash_)
    return levels


def _entries(connection: Connection, stored: Mapping[int, bytes], seen: _Seen) -> None:
    """Go through the entries in order; what is missing is stood in for by its stored leaf."""
    rows = connection.execution_options(yield_per=5000).execute(_joined())
    prev: bytes = bytes.fromhex(FIRST)
    bodies = 0
    for row in rows:
        if row.number < 1:
            seen.fault(row.number, f"entry {row.number} cannot be: the first is 1")
            continue
        for missing in range(len(seen.leaves) + 1, row.number):
            if missing - 1 not in stored and row.number - missing > 1000:
                seen.fault(
                    None, f"entry {row.number} stands far behind entry {missing - 1}: its number was changed"
                )
                break
            seen.fault(missing, f"entry {missing} is missing")
            prev = stored.get(missing - 1, b"")
            seen.leaves.append(prev)
        else:
            leaf = merkle.leaf_hash(row.header.encode())
            if stored.get(row.number - 1) != leaf:
                seen.fault(
                    row.number, f"entry {row.number} was changed: its header is not the one in the tree"
                )
            bodies += row.body is not None
            _entry(row, prev, seen)
            prev = stored.get(row.number - 1, leaf)
            seen.leaves.append(prev)
    for missing in range(len(seen.leaves) + 1, max(stored, default=-1) + 2):
        if missing - 1 in stored:
            seen.fault(missing, f"entry {missing} is missing: the tail was cut")
            seen.leaves.append(stored[missing - 1])
    known = {number for (number,) in connection.execute(select(entry.c.number))}
    for (number,) in connection.execute(select(body.c.number)):
        if number not in known:
            seen.fault(number, f"a body {number} belongs to no entry")


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


def _tree(levels: Sequence[Mapping[int, bytes]], size: int, seen: _Seen) -> None:
    """Compute every stored hash from the two below it."""
    for level, stored in enumerate(levels):
        for position in stored.keys() - range(size >> level):
            seen.fault(None, f"the stored hash ({level}, {position}) is of no entry here")
        for position in range(size >> level):
            if position not in stored:
                seen.fault(None, f"the stored hash ({level}, {position}) is missing")
            elif level:
                left, right = (levels[level - 1].get(2 * position + side, b"") for side in (0, 1))
                if merkle.node_hash(left, right) != stored[position]:
                    seen.fault(None, f"the stored hash ({level}, {position}) was changed, or one below it")
    for level in range(len(levels), size.bit_length()):
        seen.fault(None, f"level {level} of the tree is missing")


def _whole(leaves: Sequence[bytes]) -> merkle.Nodes:
    """Compute the tree again from its leaves."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        levels.append([merkle.node_hash(left, right) for left, right in pairs])
    return lambda level, position: levels[level][position]


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
    nodes: merkle.Nodes,
    keys: Mapping[str, bytes],
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
    elif signed.key_id not in keys:
        seen.fault(None, f"{name} is signed with {signed.key_id}, which this ledger does not name")
    elif not signed.is_signed_by(keys[signed.key_id]):
        seen.fault(None, f"{name} does not bear the signature of {signed.key_id}")
    elif merkle.root(nodes, signed.size) != signed.root:
        seen.fault(
            None, f"{name} signs other entries: one of the first {signed.size} was changed or put there"
        )
    else:
        return True
    return False
