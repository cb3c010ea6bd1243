"""Copies at rest: nobody reads, changes, cuts, swaps or lengthens one unseen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from servanda.database import Database
from servanda.errors import ServandaError, VaultError
from servanda.project import Project
from servanda.rights.record.copies import Copies
from servanda.vault import Sealing, Vault
from servanda.vault.sealing import CHUNK

pytestmark = pytest.mark.unit

HEAD = len(b"servanda-sealed 1\n") + 16
SEALED = CHUNK + 16
SECRET = b"lea.martin@example.org"


@pytest.fixture
def own(folder: Path) -> Iterator[Vault]:
    with Database.open(None, folder) as db:
        yield Vault.create(db)


@pytest.fixture
def copies(folder: Path, own: Vault) -> Copies:
    return Copies(Project(folder, vault=own))


@pytest.fixture
def file(folder: Path) -> Path:
    return folder / "copies" / "12.sealed"


@pytest.fixture
def key(copies: Copies, own: Vault) -> str:
    """The key of request 12, whose copy has three chunks and a bit."""
    key = own.new_key()
    with copies.write(12, key) as to:
        to.write(content(3 * CHUNK + 7))
    return key


def content(size: int) -> bytes:
    return (SECRET * (size // len(SECRET) + 1))[:size]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_what_was_written_is_read(copies: Copies, own: Vault, size: int) -> None:
    key = own.new_key()
    with copies.write(1, key) as to:
        for at in range(0, size, 300_000):
            to.write(content(size)[at : at + 300_000])
    parts = list(copies.read(1, key))
    assert b"".join(parts) == content(size)
    assert copies.size(1) == size
    assert max(map(len, parts)) <= CHUNK


def test_it_is_private_and_tells_nothing(copies: Copies, key: str, file: Path) -> None:
    assert copies.present(12)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert SECRET not in file.read_bytes()
    assert [p.name for p in file.parent.iterdir()] == ["12.sealed"]


@pytest.mark.parametrize(
    ("at", "good", "says"),
    [
        (0, 0, "not that of a sealed file"),
        (HEAD - 1, 0, "at its beginning"),
        (HEAD + 5, 0, "at its beginning"),
        (HEAD + SEALED + 1, 1, "after 1 MiB"),
        (HEAD + 3 * SEALED - 1, 2, "after 2 MiB"),
        (-1, 3, "after 3 MiB"),
    ],
)
def test_a_flipped_bit_is_noticed(
    copies: Copies, key: str, file: Path, at: int, good: int, says: str
) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)
    assert refused(copies, key) == good
    with pytest.raises(VaultError, match=says):
        list(copies.read(12, key))


def chunks(data: bytes) -> list[bytes]:
    return [data[at : at + SEALED] for at in range(HEAD, len(data), SEALED)]


FORGED: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "cut inside a chunk": (lambda d: d[:-3], 3, "altered or cut after 3 MiB"),
    "cut between chunks": (lambda d: d[: HEAD + 2 * SEALED], 1, "ends too early, after 2 MiB"),
    "cut to its head": (lambda d: d[:HEAD], 0, "at its beginning"),
    "empty": (lambda _: b"", 0, "not that of a sealed file"),
    "lengthened": (lambda d: d + b"x", 3, "after 3 MiB"),
    "a chunk twice": (lambda d: d[:HEAD] + chunks(d)[0] + d[HEAD:], 1, "after 1 MiB"),
    "chunks swapped": (
        lambda d: d[:HEAD] + chunks(d)[1] + chunks(d)[0] + b"".join(chunks(d)[2:]),
        0,
        "at its beginning",
    ),
    "a chunk left out": (lambda d: d[:HEAD] + b"".join([*chunks(d)[:1], *chunks(d)[2:]]), 1, "after 1 MiB"),
}


@pytest.mark.parametrize("forgery", FORGED.values(), ids=FORGED.keys())
def test_a_forgery_is_noticed(
    copies: Copies, key: str, file: Path, forgery: tuple[Callable[[bytes], bytes], int, str]
) -> None:
    forge, good, says = forgery
    file.write_bytes(forge(file.read_bytes()))
    assert refused(copies, key) == good
    with pytest.raises(VaultError, match=says) as caught:
        list(copies.read(12, key))
    assert "the copy of request 12" in caught.value.message


def test_a_chunk_of_an_older_copy_does_not_fit(copies: Copies, key: str, file: Path) -> None:
    older = file.read_bytes()
    with copies.write(12, key) as to:
        to.write(content(3 * CHUNK + 7))
    newer = file.read_bytes()
    file.write_bytes(newer[: HEAD + SEALED] + older[HEAD + SEALED :])
    assert refused(copies, key) == 1


def test_only_its_own_key_and_number_open_it(copies: Copies, own: Vault, key: str, file: Path) -> None:
    with pytest.raises(VaultError, match="another key"):
        list(copies.read(12, own.new_key()))
    shutil.copy(file, file.with_name("13.sealed"))
    with pytest.raises(VaultError, match="the copy of request 13 does not open"):
        list(copies.read(13, key))
    own.destroy(key)
    with pytest.raises(VaultError, match="destroyed or is missing"):
        copies.read(12, key)


def test_a_failure_leaves_the_copy_before(copies: Copies, own: Vault, key: str, file: Path) -> None:
    def lost(request: int) -> None:
        with copies.write(request, key) as to:
            to.write(content(2 * CHUNK))
            raise EOFError

    with pytest.raises(EOFError):
        lost(12)
    assert b"".join(copies.read(12, key)) == content(3 * CHUNK + 7)
    with pytest.raises(EOFError):
        lost(14)
    assert not copies.present(14)
    assert [p.name for p in file.parent.iterdir()] == ["12.sealed"]


def test_it_ends(copies: Copies, key: str, file: Path) -> None:
    file.with_name(".12.00ff.part").write_bytes(b"of a process that died")
    assert copies.remove(12)
    assert not copies.remove(12)
    assert not copies.present(12)
    assert list(file.parent.iterdir()) == []
    with pytest.raises(ServandaError, match="no copy of request 12"):
        copies.read(12, key)


def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("wb", buffering=0) as disk, pytest.raises(VaultError, match="No space left"):
        Sealing(disk, b"k" * 32, "x")


def refused(copies: Copies, key: str) -> int:
    """How many chunks are given, each as it was written, before the first that is not."""
    found = 0
    expected = content(3 * CHUNK + 7)
    try:
        for part in copies.read(12, key):
            assert part == expected[found * CHUNK : (found + 1) * CHUNK]
            found += 1
    except VaultError:
        return found
    pytest.fail("nothing was noticed")
