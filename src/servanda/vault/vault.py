"""`Vault`: the keys of one project.

Invariants:
1. A key is one file, `<name>-<number>`; the highest number is the current one.
2. Rotation adds a number. Old signing keys stay, so that nothing has to be signed again;
   old identifier keys stay, so that persons are still recognised.
3. A sealed value has its own record key, wrapped by the seal. Destroying the record key makes the
   value unreadable everywhere, also in backups of the database.
4. A new seal wraps every record key again before the old seal is destroyed.
5. The size and root that were signed last are remembered here: who has only the database cannot
   rewrite the ledger, nor cut it, without being found.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from servanda.database import Database
from servanda.errors import Refused, VaultError
from servanda.vault.files import (
    check_private,
    destroy_file,
    make_folder,
    read_secret,
    vault_root,
    write_secret,
)
from servanda.vault.key import LOSS, Key

_SETTING = "vault"
_KEY_ID = re.compile(r"[0-9a-f]{32}")
_NONCE = 12
_SIGNED = "signed"


class Vault:
    """The keys of one project, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records = folder / "records"

    @classmethod
    def create(cls, db: Database) -> Self:
        """Create the vault of a project with its first keys.

        Raises Refused if the project has a vault, or if the vault would be inside the project,
        where a copy of the project would include it.
        """
        if db.setting(_SETTING) is not None:
            raise Refused("this project has its keys already", advice="see them with: servanda keys show")
        root = vault_root()
        if root.resolve().is_relative_to(db.folder.resolve()):
            raise Refused(
                f"the vault would lie in the project, in {root}",
                advice="point SERVANDA_VAULT at a folder outside, so that a copy of one is no copy of both",
            )
        name = secrets.token_hex(8)
        vault = cls(root / name)
        make_folder(vault._records)
        for folder in (vault.folder, vault._records):
            check_private(folder)
        for key in LOSS:
            vault._make(key, 1)
        db.set(_SETTING, name)
        return vault

    @classmethod
    def open(cls, db: Database) -> Self:
        """Open the vault of a project. Raises VaultError if it is missing or open to others."""
        name = db.setting(_SETTING)
        if name is None:
            raise VaultError("this project has no keys yet", advice="make them with: servanda keys init")
        if not re.fullmatch(r"[0-9a-f]{16}", name):
            raise VaultError(
                "the name of this project's vault is damaged", advice="restore Servanda's database"
            )
        vault = cls(vault_root() / name)
        if not vault.folder.is_dir():
            raise VaultError(
                f"the keys of this project are missing: there is no {vault.folder}",
                advice="restore the vault from its backup, or point SERVANDA_VAULT at it",
            )
        check_private(vault.folder)
        make_folder(vault._records)
        check_private(vault._records)
        return vault

    def all_keys(self) -> list[Key]:
        """Return all keys in order of name and number, without their secrets."""
        keys: list[Key] = []
        for name in LOSS:
            numbers = self._numbers(name)
            for number in numbers:
                made_at = (self.folder / f"{name}-{number}").stat().st_mtime
                keys.append(Key(name, number, datetime.fromtimestamp(made_at, UTC), number == numbers[-1]))
        return keys

    def current(self, name: str) -> int:
        """Return the number of the current key of a name. Raises VaultError if there is none."""
        numbers = self._numbers(name)
        if not numbers:
            raise VaultError(
                f"the key {name}-1 is missing from {self.folder}",
                advice="restore the vault from its backup",
            )
        return numbers[-1]

    def rotate(self, name: str) -> Key:
        """Create the next key of a name, which becomes the current one.

        Old keys stay, except an old seal: it is destroyed after every record key has been
        wrapped again. Raises VaultError for an unknown name or a missing key.
        """
        if name not in LOSS:
            raise VaultError(f"there is no key called {name!r}", advice=f"one of: {', '.join(LOSS)}")
        number = self.current(name) + 1
        if name == "seal":
            self._reseal(number)
        else:
            self._make(name, number)
        return next(key for key in self.all_keys() if (key.name, key.number) == (name, number))

    # Secrets that are used by name

    def secret(self, name: str, number: int | None = None) -> bytes:
        """Return the 32 bytes of a key, by default the current one; raises VaultError."""
        number = self.current(name) if number is None else number
        text = read_secret(self.folder / f"{name}-{number}", f"the key {name}-{number}")
        try:
            secret = base64.b64decode(text, validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) != 32:
            raise VaultError(
                f"the key {name}-{number} is damaged", advice="restore the vault from its backup"
            )
        return secret

    def mac(self, name: str, value: bytes, number: int | None = None) -> str:
        """Return HMAC-SHA256 of a value under a key, by default the current one, as 64 hex digits."""
        return hmac.new(self.secret(name, number), value, hashlib.sha256).hexdigest()

    def macs(self, name: str, value: bytes) -> list[str]:
        """Return the HMAC under every key of a name, newest first, to look up values of older keys."""
        return [self.mac(name, value, number) for number in reversed(self._numbers(name))]

    def sign(self, data: bytes) -> tuple[str, bytes]:
        """Sign with the current signing key; return its id, "signing-1", and 64 bytes."""
        number = self.current("signing")
        return f"signing-{number}", self._signing_key(number).sign(data)

    def public_keys(self) -> dict[str, bytes]:
        """Return the public half of every signing key, 32 bytes each, by id."""
        return {
            f"signing-{number}": self._signing_key(number).public_key().public_bytes_raw()
            for number in self._numbers("signing")
        }

    # What was signed last

    def remember_signed(self, size: int, root: bytes) -> None:
        """Remember the size and root of the newest signature, apart from the database that it signs.

        A smaller size than the remembered one is ignored. Raises VaultError.
        """
        known = self.signed()
        if known is None or known[0] <= size:
            write_secret(self.folder / _SIGNED, f"{size}:{root.hex()}", replace=True)

    def forget_signed(self) -> None:
        """Forget the newest signature: the ledger that was signed is lost, and goes on from an older state."""
        destroy_file(self.folder / _SIGNED)

    def signed(self) -> tuple[int, bytes] | None:
        """Return size and root of the newest signature; None if there is none. Raises VaultError if damaged."""
        if not (self.folder / _SIGNED).exists():
            return None
        text = read_secret(self.folder / _SIGNED, "what was signed last")
        match = re.fullmatch(r"(0|[1-9]\d{0,17}):([0-9a-f]{64})", text)
        if match is None:
            raise VaultError(
                f"{self.folder / _SIGNED} is damaged", advice="restore the vault from its backup"
            )
        return int(match[1]), bytes.fromhex(match[2])

    # Values sealed under keys of their own

    def new_key(self) -> str:
        """Create a record key and return its id, 32 hex digits."""
        key_id = secrets.token_hex(16)
        number = self.current("seal")
        wrapped = _encrypt(self.secret("seal", number), AESGCM.generate_key(256), key_id.encode())
        write_secret(self._records / key_id, f"{number}:{wrapped}")
        return key_id

    def seal(self, key_id: str, value: bytes) -> str:
        """Encrypt a value under a record key, as text. Raises VaultError if the key is destroyed."""
        return _encrypt(self._record_key(key_id), value, b"sealed:" + key_id.encode())

    def open_sealed(self, key_id: str, sealed: str) -> bytes:
        """Decrypt a value sealed under a record key. Raises VaultError if the key is destroyed."""
        return _decrypt(self._record_key(key_id), sealed, b"sealed:" + key_id.encode(), "a sealed value")

    def record_key(self, key_id: str) -> bytes:
        """Return the 32 bytes of a record key, to wrap other keys. Raises VaultError if it is destroyed."""
        return self._record_key(key_id)

    def enclose(self, use: str, value: bytes) -> str:
        """Encrypt a short-lived value that a client stores, such as a cookie, as URL-safe text."""
        closed = _encrypt(self._carried(use, self.current("identifiers")), value, b"carried:" + use.encode())
        return closed.replace("+", "-").replace("/", "_").rstrip("=")

    def disclose(self, use: str, text: str) -> bytes | None:
        """Decrypt a value of `enclose` for the same use; None if it was changed or is not ours."""
        sealed = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        for number in reversed(self._numbers("identifiers")):
            try:
                return _decrypt(self._carried(use, number), sealed, b"carried:" + use.encode(), "a cookie")
            except VaultError:
                continue
        return None

    def _carried(self, use: str, number: int) -> bytes:
        secret = self.secret("identifiers", number)
        return HKDF(hashes.SHA256(), 32, salt=None, info=b"carried:" + use.encode()).derive(secret)

    def has(self, key_id: str) -> bool:
        """Return whether a record key exists."""
        return self._record_file(key_id).exists()

    def destroy(self, key_id: str) -> bool:
        """Destroy a record key, which makes its values unreadable; returns False if it did not exist."""
        return destroy_file(self._record_file(key_id))

    def _record_file(self, key_id: str) -> Path:
        if not _KEY_ID.fullmatch(key_id):
            raise VaultError("the name of a record's key is damaged", advice="verify Servanda's database")
        return self._records / key_id

    def _record_key(self, key_id: str) -> bytes:
        file = self._record_file(key_id)
        if not file.exists():
            raise VaultError(
                f"the key of this record ({key_id[:8]}…) was destroyed or is missing: what it sealed cannot be read",
                advice="if it was not ended on purpose, restore the vault from its backup",
            )
        number, _, wrapped = read_secret(file, "a record's key").partition(":")
        if not number.isdigit():
            raise VaultError(
                f"the record key {key_id[:8]}… is damaged", advice="restore the vault from its backup"
            )
        return _decrypt(self.secret("seal", int(number)), wrapped, key_id.encode(), "a record's key")

    def _reseal(self, number: int) -> None:
        """Wrap every record key with a new seal, then destroy the old ones."""
        older = self._numbers("seal")
        self._make("seal", number)
        master = self.secret("seal", number)
        for file in sorted(self._records.iterdir()):
            if _KEY_ID.fullmatch(file.name):
                wrapped = _encrypt(master, self._record_key(file.name), file.name.encode())
                write_secret(file, f"{number}:{wrapped}", replace=True)
        for old in older:
            destroy_file(self.folder / f"seal-{old}")

    def _make(self, name: str, number: int) -> None:
        write_secret(self.folder / f"{name}-{number}", base64.b64encode(secrets.token_bytes(32)).decode())

    def _numbers(self, name: str) -> list[int]:
        ends = (file.name.removeprefix(f"{name}-") for file in self.folder.glob(f"{name}-*"))
        return sorted(int(end) for end in ends if re.fullmatch(r"[1-9]\d{0,5}", end))

    def _signing_key(self, number: int) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret("signing", number))


def _encrypt(key: bytes, value: bytes, bound_to: bytes) -> str:
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, value, bound_to)).decode()


def _decrypt(key: bytes, sealed: str, bound_to: bytes, label: str) -> bytes:
    try:
        data = base64.b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], bound_to)
    except (binascii.Error, InvalidTag, ValueError) as error:
        raise VaultError(
            f"{label} does not open: it was changed, or belongs to another key",
            advice="restore the vault and the database from the same backup",
        ) from error
