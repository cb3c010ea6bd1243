"""The process that sweeps for minutes: an apply for each line that it reads; says how large it is, and what stopped."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from killing import ALLOW

from projects import TestProject
from servanda.database import Database
from servanda.vault import Vault


def memory() -> float:
    """The resident size of this process, in MB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(folder: Path, url: str) -> None:
    db = Database.open(None, folder)
    found = TestProject(folder, url, db, Vault.open(db))
    for line in sys.stdin:
        outcome = found.apply(quick=line.strip() == "quick", allow=ALLOW, pace="full")
        found.listener.pages.clear()
        found.listener.sentences.clear()
        print(json.dumps([memory(), list(outcome.stopped.values())]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
