"""The subject graph as a picture: persons on the left, and what leads to them, column by column.

One SVG without scripts or fonts of its own, in the light or dark colours of whoever looks at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from servanda.persons.subject_graph import Edge, StoreGraph

_WIDE, _HIGH, _ACROSS, _DOWN = 216, 46, 330, 68
_LEFT, _TOP, _HEAD, _FOOT = 28, 74, 26, 62
_STYLE = """
  svg { background: #fbfaf7; color: #1f2328; font: 13px/1.3 ui-sans-serif, system-ui, sans-serif }
  .box { fill: #fff; stroke: #b9b4a8 } .self { fill: #e7f0ec; stroke: #2f6f5b; stroke-width: 1.6 }
  .lost { fill: none; stroke-dasharray: 4 4 } .name { fill: currentColor; font-weight: 600 }
  .holds, .small { fill: #6a665e; font-size: 11px } .title { fill: currentColor; font-size: 17px; font-weight: 650 }
  path { fill: none; stroke-width: 1.5 } .owned { stroke: #2f6f5b } .owns { stroke: #8a5a12; stroke-dasharray: 7 4 }
  .mentions { stroke: #5f6fae; stroke-dasharray: 2 4 }
  .say { font-size: 11px; fill: currentColor; paint-order: stroke; stroke: #fbfaf7; stroke-width: 4px }
  .f-owned { fill: #2f6f5b } .f-owns { fill: #8a5a12 } .f-mentions { fill: #5f6fae }
  @media (prefers-color-scheme: dark) {
    svg { background: #16181c; color: #e8e6e1 } .box { fill: #1f2227; stroke: #4b4f57 }
    .self { fill: #1b2f28; stroke: #6dbb9f } .holds, .small { fill: #a09c93 } .say { stroke: #16181c }
    .owned { stroke: #6dbb9f } .owns { stroke: #d9a55a } .mentions { stroke: #93a2e0 }
    .f-owned { fill: #6dbb9f } .f-owns { fill: #d9a55a } .f-mentions { fill: #93a2e0 }
  }
"""
_LEGEND = (
    ("owned", "its rows are the person’s"),
    ("owns", "the person points at it"),
    ("mentions", "its rows name the person"),
)


@dataclass(frozen=True, slots=True)
class Box:
    """Where a table stands."""

    table: str
    x: int
    y: int

    @property
    def left(self) -> tuple[int, int]:
        """The middle of its left side."""
        return self.x, self.y + _HIGH // 2

    @property
    def right(self) -> tuple[int, int]:
        """The middle of its right side."""
        return self.x + _WIDE, self.y + _HIGH // 2


def draw(graphs: Iterable[StoreGraph], orphans: Mapping[str, Mapping[str, int]]) -> str:
    """The graphs of some stores, one below the other; `orphans` counts rows by store and table."""
    parts: list[str] = []
    top, wide = 0, 0
    for graph in graphs:
        boxes, width, height = _layout(graph, top + _TOP)
        parts += _store(graph, boxes, top, orphans.get(graph.store, {}))
        top, wide = top + height + _TOP, max(wide, width)
    wide, high = max(wide, 620) + _LEFT, top + _FOOT
    legend = _legend(top + 18)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
        ' role="img" aria-label="How rows reach persons">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *parts, *legend, "</svg>", ""])


def _layout(graph: StoreGraph, top: int) -> tuple[dict[str, Box], int, int]:
    """Each table in the column of its distance from a person; those that reach nobody in the last."""
    columns = _columns(graph)
    boxes: dict[str, Box] = {}
    order: dict[str, float] = {}
    for x, column in enumerate(columns):
        placed = sorted(column, key=lambda t: (_middle(graph, t, order), t))
        for y, table in enumerate(placed):
            boxes[table] = Box(table, _LEFT + x * _ACROSS, top + y * _DOWN)
            order[table] = y
    rows = max((len(c) for c in columns), default=0)
    return boxes, _LEFT + len(columns) * _ACROSS - (_ACROSS - _WIDE), rows * _DOWN


def _columns(graph: StoreGraph) -> list[list[str]]:
    depth = {p.table.name: 0 for p in graph.roots}
    here = list(depth)
    while here:
        found = [e for e in graph.edges if e.ownership != "none" and e.giver in here and e.taker not in depth]
        here = list(dict.fromkeys(e.taker for e in found))
        for table in here:
            depth[table] = max(depth[e.giver] for e in found if e.taker == table) + 1
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for table, level in depth.items():
        columns[level].append(table)
    lost = [t for t in graph.places if t not in depth]
    return [*columns, lost] if lost else columns


def _middle(graph: StoreGraph, table: str, order: Mapping[str, float]) -> float:
    """Where those stand that lead to a table: it stands beside them, and lines cross less."""
    near = [
        order[e.giver] for e in graph.edges if e.taker == table and e.giver in order and e.ownership != "none"
    ]
    return sum(near) / len(near) if near else 1e6


def _store(
    graph: StoreGraph, boxes: Mapping[str, Box], top: int, orphans: Mapping[str, int]
) -> Iterable[str]:
    yield f'<text class="title" x="{_LEFT}" y="{top + _HEAD + 14}">{escape(graph.store)}</text>'
    for i, edge in enumerate(e for e in graph.edges if e.ownership != "none"):
        yield from _arrow(edge, boxes[edge.giver], boxes[edge.taker], i)
    for table, box in boxes.items():
        yield from _box(graph, table, box, orphans.get(table, 0))


def _box(graph: StoreGraph, table: str, box: Box, orphans: int) -> Iterable[str]:
    living = graph.places[table]
    kind = "self" if any(p.place.person == "self" for p in living) else ""
    kind = kind or ("" if table in graph.person_tables() else "lost")
    holds = ", ".join(dict.fromkeys(c for p in living for c in p.place.data))
    if orphans:
        holds = f"{orphans} of nobody · {holds}"
    yield f'<rect class="box {kind}" x="{box.x}" y="{box.y}" width="{_WIDE}" height="{_HIGH}" rx="8"/>'
    yield f'<text class="name" x="{box.x + 12}" y="{box.y + 20}">{escape(_short(table, 26))}</text>'
    yield f'<text class="holds" x="{box.x + 12}" y="{box.y + 36}">{escape(_short(holds, 34))}</text>'


def _arrow(edge: Edge, giver: Box, taker: Box, number: int) -> Iterable[str]:
    """A line from the person's side to the row's, with a point where it ends and what it says in the middle."""
    said = escape(_short(" + ".join(edge.link.columns), 20))
    if giver == taker:
        x, y = giver.x + _WIDE - 40, giver.y
        yield f'<path class="{edge.ownership}" d="M{x} {y} c0 -26 34 -26 34 0"/>'
        yield f'<text class="say" x="{x - 12}" y="{y - 8}">{said}</text>'
        return
    (x1, y1), (x2, y2) = (giver.right, taker.left) if giver.x < taker.x else (giver.left, taker.right)
    if giver.x == taker.x:
        (x1, y1), (x2, y2) = giver.right, taker.right
        bend = x1 + 46 + 6 * (number % 4)
        yield f'<path class="{edge.ownership}" d="M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}"/>'
        yield f'<text class="say" x="{bend - 16}" y="{(y1 + y2) // 2}">{said}</text>'
    else:
        half = (x1 + x2) // 2
        yield f'<path class="{edge.ownership}" d="M{x1} {y1} C{half} {y1} {half} {y2} {x2} {y2}"/>'
        near = x2 - 8 if x1 < x2 else x2 + 8
        anchor = "end" if x1 < x2 else "start"
        yield f'<text class="say" text-anchor="{anchor}" x="{near}" y="{y2 - 5}">{said}</text>'
    yield f'<circle class="f-{edge.ownership}" cx="{x2}" cy="{y2}" r="3.5"/>'


def _legend(y: int) -> Iterable[str]:
    x = _LEFT
    for kind, words in _LEGEND:
        yield f'<path class="{kind}" d="M{x} {y} h34"/><circle class="f-{kind}" cx="{x + 34}" cy="{y}" r="3.5"/>'
        yield f'<text class="small" x="{x + 44}" y="{y + 4}">{kind}: {words}</text>'
        x += 200


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
