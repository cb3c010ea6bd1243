"""Prints how closely our own modules hang together: `make check` shows it, and nothing fails by it.

An import counts once for each pair of modules, however many names are taken. The fewer there are for a
hundred lines, the less of the program must be known to change a part of it.
"""

from __future__ import annotations

from pathlib import Path

import grimp

SOURCE = Path(__file__).resolve().parents[1] / "src"

if __name__ == "__main__":
    graph = grimp.build_graph("servanda", cache_dir=None)
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCE.rglob("*.py"))
    imports = graph.count_imports()
    print(
        f"{imports / lines * 100:.2f} own imports per 100 lines of src"
        f" ({imports} imports, {len(graph.modules)} modules, {lines} lines)"
    )
