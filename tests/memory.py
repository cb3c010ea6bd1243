"""A folder in memory for all that the tests write: so they never wait for a disk, however slow it is.

What is killed in a test loses nothing by it: memory outlives a process, as a disk does.
DURABLE=1 keeps everything on disk, and the servers as careful as they are in production.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

DURABLE = bool(os.environ.get("DURABLE"))
SHARED = Path("/dev/shm")  # noqa: S108 — nothing in it but a folder of a name that nobody can foresee
NEEDED = 2000
"""Megabytes for two workers with their servers, and some to spare."""


def place() -> tuple[Path | None, str]:
    """A new folder in memory, or None; and the sentence that says where the tests write, and why."""
    disk = f"servers and folders of the tests are on disk ({tempfile.gettempdir()})"
    if DURABLE:
        return None, f"{disk}, as DURABLE asks"
    if not (SHARED.is_dir() and os.access(SHARED, os.W_OK | os.X_OK)):
        return None, f"{disk}: there is no {SHARED}; where the disk is slow, this takes long"
    free = min(shutil.disk_usage(SHARED).free // 1_000_000, _available())
    if free < NEEDED:
        return (
            None,
            f"{disk}: {free} MB of memory are free, {NEEDED} are wanted; on a slow disk this takes long",
        )
    folder = Path(tempfile.mkdtemp(prefix="servanda-", dir=SHARED))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
    return folder, f"servers and folders of the tests are in memory ({folder}); DURABLE=1 puts them on disk"


def holds(path: str) -> bool:
    """Whether a file or folder is in memory; what pytest leaves on disk it keeps for some runs."""
    return Path(path).is_relative_to(SHARED)


def _available() -> int:
    """Megabytes of memory that may be taken, on this machine and in this container."""
    known = [1_000_000]
    with suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        known.append(int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) // 1000)
    with suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text(encoding="ascii"))
        known.append((limit - int((group / "memory.current").read_text(encoding="ascii"))) // 1_000_000)
    return min(known)
