"""How much memory packing a copy takes: rows from a generator, sealed into a file, in a process of its own.

python bench/copy_memory.py ROWS     prints the rows packed and the greatest resident size in MB
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from measure import most_memory
from servanda.documents.package import Package
from servanda.persons.copy import Held
from servanda.policy.policy import load_policy
from servanda.vault import Sealing

EXOGRAD = Path(__file__).parent.parent / "examples" / "exograd" / "policy.yaml"
COLUMNS = ("id", "account_id", "at", "ip", "user_agent")


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Log-ins of somebody who logs in a lot."""
    for i in range(count):
        yield i, 42, f"2026-11-{i % 28 + 1:02d} {i % 24:02d}:00:00", f"192.0.2.{i % 256}", "Mozilla/5.0 (X11)"


def main(count: int) -> None:
    """Pack them, and print what it took."""
    held = Held("app.logins", "logins", {"account-logins": COLUMNS}, COLUMNS, (), rows(count))
    with tempfile.TemporaryFile() as file:
        sealing = Sealing(file, b"k" * 32, "bench")
        packed = Package().pack(
            cast("BinaryIO", sealing), [held], load_policy(EXOGRAD),
            language="fr", right="access", at=datetime(2026, 11, 23, tzinfo=UTC), reference="12",
        )  # fmt: skip
        sealing.finish()
    print(packed.rows, most_memory())


if __name__ == "__main__":
    main(int(sys.argv[1]))
