"""Files of secrets: created with private permissions and written atomically."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from servanda.errors import VaultError


def vault_root() -> Path:
    """Return the folder of all vaults of this user: $SERVANDA_VAULT, or their data folder."""
    if chosen := os.environ.get("SERVANDA_VAULT"):
        return Path(chosen).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser().absolute() / "servanda"


def make_folder(folder: Path) -> None:
    """Create a folder and its parents with mode 0700. Raises VaultError."""
    try:
        for missing in reversed([f for f in (folder, *folder.parents) if not f.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise VaultError(
            f"the vault {folder} cannot be made: {error.strerror}",
            advice="choose another folder with SERVANDA_VAULT",
        ) from error


def check_private(path: Path) -> None:
    """Raise VaultError if group or others have any permission on a file or folder."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        right = "700" if path.is_dir() else "600"
        raise VaultError(
            f"{path} is open to others (mode {mode:03o}), so its secrets may be known",
            advice=f"chmod {right} {path}, then consider rotating the keys: servanda keys rotate",
        )


def read_secret(path: Path, label: str) -> str:
    """Read a file of the vault; `label` names it in errors.

    Raises VaultError if the file is missing, open to others or unreadable.
    """
    try:
        check_private(path)
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise VaultError(
            f"{label} is missing: there is no {path}",
            advice="restore the vault from its backup, or point SERVANDA_VAULT at it",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(
            f"{label} cannot be read from {path}", advice="restore the vault from its backup"
        ) from error


def write_secret(path: Path, text: str, *, replace: bool = False) -> None:
    """Write a file of the vault and sync it to disk. Raises VaultError.

    Without `replace` an existing file is an error.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        if replace:
            part.replace(path)
        else:
            os.link(part, path)
            part.unlink()
        sync_folder(path.parent)
    except FileExistsError as error:
        part.unlink(missing_ok=True)
        raise VaultError(f"{path} exists already; it was not changed") from error
    except OSError as error:
        part.unlink(missing_ok=True)
        raise VaultError(
            f"{path} cannot be written: {error.strerror}", advice="check the disk and the folder"
        ) from error


def destroy_file(path: Path) -> bool:
    """Overwrite and delete a file; returns False if it did not exist. Raises VaultError.

    Disks and backups may keep old blocks, so record keys are additionally wrapped.
    """
    try:
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise VaultError(f"{path} cannot be destroyed: {error.strerror}") from error
    return True


def sync_folder(folder: Path) -> None:
    """Sync a folder to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
