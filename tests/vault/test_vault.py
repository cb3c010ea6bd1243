"""The vault: private files outside the project, sealed values, rotation and destruction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from servanda.database import Database
from servanda.errors import Refused, VaultError
from servanda.vault import LOSS, Vault, vault_root

pytestmark = pytest.mark.unit


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("SERVANDA_VAULT", str(tmp_path / "keys"))
    (tmp_path / "project").mkdir()
    with Database.open(None, tmp_path / "project") as opened:
        yield opened


@pytest.fixture
def vault(db: Database) -> Vault:
    return Vault.create(db)


def test_keys_lie_outside_the_project_for_their_owner_only(db: Database, vault: Vault) -> None:
    vault.new_key()
    assert vault.folder.parent == vault_root()
    assert not vault.folder.is_relative_to(db.folder)
    paths = [vault.folder, *vault.folder.rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}
    assert [str(key) for key in vault.all_keys()] == [f"{name}-1" for name in LOSS]
    assert all(key.current for key in vault.all_keys())


def test_the_data_folder_of_the_user_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVANDA_VAULT", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert vault_root() == Path("/somewhere/servanda")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert vault_root() == Path.home() / ".local/share/servanda"


def test_a_vault_inside_the_project_is_refused(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVANDA_VAULT", str(db.folder / "keys"))
    with pytest.raises(Refused, match="would lie in the project") as caught:
        Vault.create(db)
    assert "SERVANDA_VAULT" in caught.value.advice
    assert db.setting("vault") is None


def test_keys_are_made_once(db: Database, vault: Vault) -> None:
    with pytest.raises(Refused, match="has its keys already"):
        Vault.create(db)


def test_no_keys_yet(db: Database) -> None:
    with pytest.raises(VaultError, match="no keys yet") as caught:
        Vault.open(db)
    assert "servanda keys init" in caught.value.advice


def test_a_lost_vault(db: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SERVANDA_VAULT", str(tmp_path / "elsewhere"))
    with pytest.raises(VaultError, match="keys of this project are missing"):
        Vault.open(db)


@pytest.mark.parametrize("mode", [0o040, 0o004, 0o020, 0o777])
def test_a_folder_that_others_may_read_is_refused(db: Database, vault: Vault, mode: int) -> None:
    vault.folder.chmod(0o700 | mode)
    with pytest.raises(VaultError, match="open to others") as caught:
        Vault.open(db)
    assert "chmod 700" in caught.value.advice


def test_a_file_that_others_may_read_is_refused(vault: Vault) -> None:
    (vault.folder / "pseudonym-1").chmod(0o640)
    with pytest.raises(VaultError, match="open to others"):
        vault.secret("pseudonym")


def test_a_missing_key_is_named(vault: Vault) -> None:
    (vault.folder / "signing-1").unlink()
    with pytest.raises(VaultError, match="signing-1 is missing"):
        vault.sign(b"x")
    with pytest.raises(VaultError, match="pseudonym-7 is missing"):
        vault.secret("pseudonym", 7)


@pytest.mark.parametrize("content", ["", "short", "ö", "A" * 44])
def test_a_damaged_key_is_named(vault: Vault, content: str) -> None:
    (vault.folder / "identifiers-1").write_text(content, encoding="utf-8")
    with pytest.raises(VaultError, match="identifiers-1"):
        vault.mac("identifiers", b"x")


def test_what_is_sealed_opens_until_its_key_ends(db: Database, vault: Vault) -> None:
    one, two = vault.new_key(), vault.new_key()
    sealed = vault.seal(one, "raison: procès".encode())
    assert "proc" not in sealed
    assert sealed != vault.seal(one, "raison: procès".encode())
    again = Vault.open(db)
    assert again.open_sealed(one, sealed).decode() == "raison: procès"
    with pytest.raises(VaultError, match="belongs to another key"):
        again.open_sealed(two, sealed)
    assert again.destroy(one)
    assert not again.destroy(one)
    for used in (lambda: again.open_sealed(one, sealed), lambda: again.seal(one, b"more")):
        with pytest.raises(VaultError, match="cannot be read") as caught:
            used()
        assert "backup" in caught.value.advice


def test_a_sealed_value_that_was_changed_does_not_open(vault: Vault) -> None:
    key = vault.new_key()
    sealed = vault.seal(key, b"secret")
    for altered in (sealed[:-4], "", "!" + sealed, ("A" if sealed[0] != "A" else "B") + sealed[1:]):
        with pytest.raises(VaultError, match="does not open"):
            vault.open_sealed(key, altered)


@pytest.mark.parametrize("name", ["../signing-1", "", "x" * 32, "a" * 31])
def test_a_damaged_key_id_never_reaches_the_disk(vault: Vault, name: str) -> None:
    with pytest.raises(VaultError, match="damaged"):
        vault.destroy(name)
    assert (vault.folder / "signing-1").exists()


def test_signatures_verify_after_a_rotation(vault: Vault) -> None:
    old_id, old = vault.sign(b"one")
    key = vault.rotate("signing")
    assert (str(key), key.current) == ("signing-2", True)
    new_id, new = vault.sign(b"two")
    assert (old_id, new_id) == ("signing-1", "signing-2")
    public = vault.public_keys()
    Ed25519PublicKey.from_public_bytes(public[old_id]).verify(old, b"one")
    Ed25519PublicKey.from_public_bytes(public[new_id]).verify(new, b"two")


def test_persons_are_still_recognised_after_a_rotation(vault: Vault) -> None:
    before = vault.mac("identifiers", b"ann@example.org")
    vault.rotate("identifiers")
    after = vault.mac("identifiers", b"ann@example.org")
    assert after != before
    assert vault.macs("identifiers", b"ann@example.org") == [after, before]
    assert vault.mac("identifiers", b"bob@example.org") not in (after, before)


def test_a_new_seal_opens_everything_and_the_old_one_is_gone(vault: Vault) -> None:
    sealed = {key: vault.seal(key, key.encode()) for key in (vault.new_key() for _ in range(5))}
    vault.rotate("seal")
    assert {key: vault.open_sealed(key, text) for key, text in sealed.items()} == {
        key: key.encode() for key in sealed
    }
    assert [str(key) for key in vault.all_keys() if key.name == "seal"] == ["seal-2"]


def test_an_interrupted_change_of_seal_leaves_everything_readable(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = {key: vault.seal(key, b"kept") for key in (vault.new_key() for _ in range(4))}
    replaced = 0

    def fail_later(source: Path, target: Path) -> None:
        nonlocal replaced
        replaced += 1
        if replaced == 3:
            raise OSError(28, "No space left on device")
        Path(source).rename(target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail_later)
        with pytest.raises(VaultError, match="No space left"):
            vault.rotate("seal")
    assert all(vault.open_sealed(key, text) == b"kept" for key, text in sealed.items())
    vault.rotate("seal")
    assert all(vault.open_sealed(key, text) == b"kept" for key, text in sealed.items())
    assert [str(key) for key in vault.all_keys() if key.name == "seal"] == ["seal-3"]


def test_an_unknown_key_cannot_be_rotated(vault: Vault) -> None:
    with pytest.raises(VaultError, match="no key called 'singing'") as caught:
        vault.rotate("singing")
    assert "signing" in caught.value.advice
