"""How much memory the process takes that sweeps: a process of its own, its greatest resident size."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here.parent / "tests")]

from measure import Sheet
from sweep_sqlite import ROWS, build, copy


def memory(sheet: Sheet, folder: str) -> None:
    """1 M of 5 M rows on SQLite, whose engine lives in the process itself: the most that any store takes."""
    path = copy(build(Path(folder)))
    sizes = []
    for _round in range(1):
        out = subprocess.run(
            [sys.executable, __file__, str(path)], check=True, capture_output=True, text=True
        )
        sizes.append(float(out.stdout.split()[-1]))
    sheet.add("sweep.memory", sizes, command=f"{ROWS} rows, a fifth of them over")


def main(path: str) -> None:
    """Sweep once, and print the greatest resident size in MB."""
    from scene import HELD, scene
    from sweep_postgres import PLACES, YEAR

    with scene(f"sqlite:///{path}", [YEAR], PLACES) as made:
        made.hold("app.accounts", range(37, 37 * (HELD + 1), 37))
        made.sweep_while(lambda: False, pace="full")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


MEASURES: dict[str, Callable[[Sheet, str], None]] = {"sweep.memory": memory}

if __name__ == "__main__":
    main(sys.argv[1])
