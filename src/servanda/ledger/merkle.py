r"""The Merkle tree of RFC 9162, section 2.1: roots, inclusion and consistency proofs.

                 root of 5
               /          \
          (2,0)            |          (level, position) is a complete subtree:
         /     \           |          its hash never changes once it is there, so
     (1,0)     (1,1)       |          a tree of n leaves stores fewer than 2n hashes
     /   \     /   \       |          and a proof needs about log2(n) of them
    0     1   2     3      4

Leaves are counted from 0 here. Hashes are 32 bytes of SHA-256; a leaf's begins with
0x00 and a node's with 0x01, so that neither can pass for the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

Nodes = Callable[[int, int], bytes]
"""Returns the hash of the complete subtree at (level, position)."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the first `size` leaves; an empty tree has the SHA-256 of no bytes."""
    return _range(nodes, 0, size) if size else hashlib.sha256(b"").digest()


def inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return the inclusion proof of leaf `index` in a tree of `size` leaves. Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(nodes, middle, end))
            end = middle
        else:
            path.append(_range(nodes, start, middle))
            start = middle
    return path[::-1]


def consistency(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """Return the consistency proof between trees of `old` and `new` leaves. Raises ValueError."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves cannot be the beginning of one of {new}")
    path: list[bytes] = []
    if old in (0, new):
        return path
    start, end, whole = 0, new, True
    while old - start != end - start:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range(nodes, middle, end))
            end = middle
        else:
            path.append(_range(nodes, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_range(nodes, start, end))
    return path[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root computed from an inclusion proof, or None if its length is wrong."""
    if not 0 <= index < size:
        return None
    position, last, result = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            result = node_hash(hash_, result)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            result = node_hash(result, hash_)
        position, last = position >> 1, last >> 1
    return result if last == 0 else None


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether a consistency proof verifies between `old_root` and `new_root`."""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new:
        return old == 0 and not path and old_root == hashlib.sha256(b"").digest()
    hashes = list(path)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = hashes[0]
    for hash_ in hashes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            first, second = node_hash(hash_, first), node_hash(hash_, second)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            second = node_hash(second, hash_)
        position, last = position >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def edge(size: int) -> list[tuple[int, int]]:
    """Return the edge of a tree: its largest complete subtrees, left to right."""
    levels = (level for level in reversed(range(size.bit_length())) if size >> level & 1)
    return [(level, (size >> level) - 1) for level in levels]


def new_nodes(
    leaves: Sequence[bytes], size: int, edge_hashes: dict[tuple[int, int], bytes]
) -> Iterator[tuple[int, int, bytes]]:
    """Yield (level, position, hash) of every subtree that new leaves complete.

    `edge_hashes` are the hashes of the edge of the tree of `size` leaves; new hashes are added to it.
    """
    for position, leaf in enumerate(leaves, size):
        level, index, result = 0, position, leaf
        while True:
            edge_hashes[level, index] = result
            yield level, index, result
            if not index & 1:
                break
            result = node_hash(edge_hashes[level, index - 1], result)
            level, index = level + 1, index >> 1


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(nodes: Nodes, start: int, end: int) -> bytes:
    """Return the hash over leaves start..end; start is a multiple of the size's power of two."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range(nodes, start, middle), _range(nodes, middle, end))
