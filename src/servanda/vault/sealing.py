r"""Authenticated encryption of streams, in chunks: changed, swapped, cut or added chunks are detected.

    servanda-sealed 1\n · salt (16 bytes)    the key of this stream is derived from the record's key and the salt
    1 MiB of the stream · tag (16 bytes)     AES-256-GCM; the nonce is the chunk's number, and whether it is the last
    …                                        the last chunk may be shorter; an empty stream has one

Each stream has its own key (HKDF-SHA256), so chunk numbers are safe nonces and no chunk is valid in
another stream. Each chunk is verified when it is read.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from servanda.errors import VaultError

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK = 1 << 20
"""The size of a chunk of plain text in bytes."""
_HEAD = b"servanda-sealed 1\n"
_SALT, _TAG = 16, 16


class Sealing(io.RawIOBase):
    """Encrypts a stream to a file. The file is valid only after `finish`.

    Raises VaultError if writing fails.
    """

    def __init__(self, to: BinaryIO, key: bytes, bound_to: str) -> None:
        super().__init__()
        salt = secrets.token_bytes(_SALT)
        self._to, self._cipher, self._bound = to, _cipher(key, salt), bound_to.encode()
        self._rest, self._number = bytearray(), 0
        self._put(_HEAD + salt)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Buffer) -> int:
        """Append bytes to the stream."""
        view = memoryview(data).cast("B")
        self._rest += view
        while len(self._rest) > CHUNK:  # a full chunk may still be the last
            self._seal(bytes(self._rest[:CHUNK]), last=False)
            del self._rest[:CHUNK]
        return len(view)

    def finish(self) -> None:
        """Write the last chunk."""
        self._seal(bytes(self._rest), last=True)
        self._rest.clear()

    def _seal(self, part: bytes, *, last: bool) -> None:
        self._put(self._cipher.encrypt(_nonce(self._number, last=last), part, self._bound))
        self._number += 1

    def _put(self, data: bytes) -> None:
        try:
            self._to.write(data)
        except OSError as error:
            raise VaultError(
                f"a sealed file cannot be written: {error.strerror}", advice="look at the disk"
            ) from error


def opened_size(size: int) -> int:
    """How many bytes a sealed file of `size` bytes opens to; its chunks need not be read for that."""
    body = size - len(_HEAD) - _SALT
    return body - max(1, -(-body // (CHUNK + _TAG))) * _TAG


def unseal(file: BinaryIO, key: bytes, bound_to: str, label: str) -> Iterator[bytes]:
    """Decrypt a stream and yield its verified chunks. `label` names it in errors.

    Raises VaultError if it was altered, cut or lengthened, or if the key is wrong.
    """
    head = file.read(len(_HEAD) + _SALT)
    if not head.startswith(_HEAD) or len(head) != len(_HEAD) + _SALT:
        raise _broken(label, "its beginning is not that of a sealed file")
    cipher, bound, number = _cipher(key, head[len(_HEAD) :]), bound_to.encode(), 0
    part = file.read(CHUNK + _TAG)
    while True:
        after = file.read(CHUNK + _TAG)
        last = not after
        opened = _open(cipher, part, _nonce(number, last=last), bound)
        if opened is None:
            cut = last and _open(cipher, part, _nonce(number, last=False), bound) is not None
            raise _broken(label, _how(number, cut=cut))
        yield opened
        if last:
            return
        part, number = after, number + 1


def _how(number: int, *, cut: bool) -> str:
    if cut:
        return f"it ends too early, after {number + 1} MiB"
    if number == 0:
        return "it was altered at its beginning, or was sealed under another key"
    return f"it was altered or cut after {number} MiB"


def _broken(label: str, how: str) -> VaultError:
    return VaultError(
        f"{label} does not open: {how}",
        advice="make it again, or restore the file and the vault from the same backup",
    )


def _open(cipher: AESGCM, part: bytes, nonce: bytes, bound: bytes) -> bytes | None:
    try:
        return cipher.decrypt(nonce, part, bound)
    except (InvalidTag, ValueError):
        return None


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"servanda sealed stream").derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
