"""`python -m servanda.law.vectors FILE`: 0 all agree, 1 a difference, 2 the file is unusable."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from servanda.law.vectors import Unusable, read, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute a file of vectors, print each difference, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m servanda.law.vectors", description="Compute worked examples of legal time."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="YAML with a list of vectors")
    parser.add_argument("--kind", default="", metavar="PREFIX", help="only rules that begin like this")
    given = parser.parse_args(arguments)
    try:
        outcome = run(read(given.file), given.kind)
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    for difference in outcome.differences:
        print(difference)
    if outcome.unknown:
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(outcome.unknown.items()))
        print(f"not computed yet: {sum(outcome.unknown.values())} ({rules})")
    differing = len({difference.id for difference in outcome.differences})
    print(f"{outcome.computed} computed, {outcome.computed - differing} as expected, {differing} different")
    return 1 if outcome.differences else 0


if __name__ == "__main__":
    sys.exit(main())
