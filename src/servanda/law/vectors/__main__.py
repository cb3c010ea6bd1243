"""`python -m servanda.law.vectors FILE`: 0 all agree, 1 a difference, 2 something is unusable."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from servanda.law.vectors import Unusable, read, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute a file of vectors, print each difference, and return the exit code.

    What differs goes to stdout; rules and fields that nobody knows, to stderr.
    """
    parser = argparse.ArgumentParser(
        prog="python -m servanda.law.vectors", description="Compute worked examples of legal time."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="YAML with a list of vectors")
    parser.add_argument("--kind", default="", metavar="PREFIX", help="only rules that begin like this")
    options = parser.parse_args(arguments)
    try:
        outcome = run(read(options.file), options.kind)
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    for difference in outcome.differences:
        print(difference)
    for unknown in outcome.unknown:
        print(unknown, file=sys.stderr)
    differing = len({difference.id for difference in outcome.differences})
    unusable = len({unknown.id for unknown in outcome.unknown})
    rest = f", {unusable} not usable" if unusable else ""
    print(
        f"{outcome.computed} computed, {outcome.computed - differing} as expected, {differing} different{rest}"
    )
    return 2 if outcome.unknown else 1 if outcome.differences else 0


if __name__ == "__main__":
    sys.exit(main())
