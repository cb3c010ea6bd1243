"""`make bench`: measures, prints the ratios, and fails where a bar does not hold or a row is missing.

make bench                everything
make bench ONLY=sweep     one part
make bench ONLY=sweep.pg  the rows whose names begin so
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]
PARTS = ("sweep", "rights")


def main() -> int:
    """Run the parts that were asked for."""
    from measure import Sheet

    if sys.argv[1:]:
        print(__doc__)
        return 2
    only = os.environ.get("ONLY", "")
    wrong = []
    for part in PARTS:
        if only and only.split(".")[0] != part:
            continue
        sheet = Sheet(part)
        importlib.import_module(f"bench_{part}").run(sheet, only or part)
        sheet.save()
        wanted = [name for name in sheet.bars if name.startswith(only or part)]
        wrong += [f"{name}: no row was made" for name in sheet.missing(wanted)]
        wrong += [f"{r.name}: {r.ratio:g} where at most {r.bar:g}" for r in sheet.rows if r.holds is False]
    for sentence in wrong:
        print(f"✗ {sentence}")
    print("Every bar holds." if not wrong else f"{len(wrong)} bars do not hold.")
    return 1 if wrong else 0


sys.exit(main())
