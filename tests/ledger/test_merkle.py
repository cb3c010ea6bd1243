"""The tree: known roots, and every proof of every size up to 70."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.ledger import merkle

pytestmark = pytest.mark.unit

LEAVES = [merkle.leaf_hash(f"leaf {n}".encode()) for n in range(70)]


def naive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def grow(leaves: list[bytes], chunks: list[int]) -> dict[tuple[int, int], bytes]:
    """Grow a tree in pieces, each time from its edge alone."""
    stored: dict[tuple[int, int], bytes] = {}
    size = 0
    for chunk in chunks:
        known = {where: stored[where] for where in merkle.edge(size)}
        for level, position, hash_ in merkle.new_nodes(leaves[size : size + chunk], size, known):
            assert (level, position) not in stored
            stored[level, position] = hash_
        size += chunk
    return stored


TREE = grow(LEAVES, [70])


def nodes(level: int, position: int) -> bytes:
    return TREE[level, position]


def test_the_published_example() -> None:
    """The eight inputs that implementations of RFC 6962 share as test data, and their root."""
    inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in inputs]
    tree = grow(leaves, [8])
    root = merkle.root(lambda level, position: tree[level, position], 8)
    assert root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", range(71))
def test_every_proof_of_a_size(size: int) -> None:
    root = naive_root(LEAVES[:size])
    assert merkle.root(nodes, size) == root
    for index in range(size):
        path = merkle.inclusion(nodes, index, size)
        assert merkle.root_of_inclusion(LEAVES[index], index, size, path) == root
        wrong = {other for other in (index - 1, index + 1, size) if 0 <= other <= size}
        for other in wrong:
            assert merkle.root_of_inclusion(LEAVES[index], other, size, path) != root
    for old in range(size + 1):
        path = merkle.consistency(nodes, old, size)
        assert merkle.is_consistent(old, size, merkle.root(nodes, old), root, path)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12))
def test_a_tree_grown_in_pieces_is_the_same_tree(chunks: list[int]) -> None:
    total = min(sum(chunks), 70)
    pieces, left = [], total
    for chunk in chunks:
        pieces.append(min(chunk, left))
        left -= pieces[-1]
    grown = grow(LEAVES, pieces)
    assert grown == {where: hash_ for where, hash_ in TREE.items() if (where[1] + 1) << where[0] <= total}
    assert len(grown) < 2 * total


@given(st.integers(1, 70), st.data())
def test_an_inclusion_proof_altered_anywhere_fails(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path, root = merkle.inclusion(nodes, index, size), merkle.root(nodes, size)
    for place in range(len(path)):
        altered = [bytes([h[0] ^ 1]) + h[1:] if n == place else h for n, h in enumerate(path)]
        assert merkle.root_of_inclusion(LEAVES[index], index, size, altered) != root
        assert merkle.root_of_inclusion(LEAVES[index], index, size, path[:place] + path[place + 1 :]) != root
    assert merkle.root_of_inclusion(LEAVES[index], index, size, [*path, root]) != root


@given(st.integers(2, 70), st.data())
def test_a_consistency_proof_altered_anywhere_fails(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    path = merkle.consistency(nodes, old, new)
    before, after = merkle.root(nodes, old), merkle.root(nodes, new)
    for place in range(len(path)):
        altered = [bytes([h[0] ^ 1]) + h[1:] if n == place else h for n, h in enumerate(path)]
        assert not merkle.is_consistent(old, new, before, after, altered)
        assert not merkle.is_consistent(old, new, before, after, path[:place] + path[place + 1 :])
    assert not merkle.is_consistent(old, new, after, before, path)
    assert not merkle.is_consistent(old, new, before, before, path)
    assert not merkle.is_consistent(old, new, before, after, [])


def test_proofs_that_cannot_be() -> None:
    for index, size in ((-1, 3), (3, 3), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion(nodes, index, size)
        assert merkle.root_of_inclusion(LEAVES[0], index, size, []) is None
    with pytest.raises(ValueError, match="beginning"):
        merkle.consistency(nodes, 5, 4)
    assert not merkle.is_consistent(5, 4, LEAVES[0], LEAVES[1], [])
    assert not merkle.is_consistent(0, 4, LEAVES[0], LEAVES[1], [])
    assert not merkle.is_consistent(4, 4, LEAVES[0], LEAVES[1], [])
