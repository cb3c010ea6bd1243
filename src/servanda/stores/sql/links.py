"""Join conditions of references, written so that an index can be used.

The known value is converted to the form of the searched column, never the other way round. Texts are compared as bytes
after case folding, because a collation may treat josé@ and jose@ as equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, Literal, Protocol

import sqlalchemy as sa

from servanda.stores.document.change import Scalar
from servanda.stores.document.reference import HASHES
from servanda.stores.selection import Link

Bool = sa.ColumnElement[bool]
Value = sa.ColumnElement[Any]
Side = Literal["source", "target", ""]


class Matcher(Protocol):
    """The expressions that differ between databases."""

    @property
    def types(self) -> Mapping[tuple[str, str], sa.types.TypeEngine[Any]]:
        """The type of every column."""

    def folded(self, text: Value) -> Value:
        """A text in small letters."""

    def hashed(self, text: Value, kind: str) -> Value:
        """A hash of a text in UTF-8, in small hex digits."""

    def inside(self, json: Value, path: str) -> Value:
        """The text at a path inside JSON; NULL where there is none."""

    def digits(self, text: Value) -> Bool:
        """Whether a text is a whole number of at most 18 digits."""

    def same_text(self, column: Value, known: Value, at: tuple[str, str], *, fold: bool = False) -> Bool:
        """Whether a text column equals a known text byte by byte, found by an index on the column.

        With `fold` in any letter case.
        """


def joined(
    store: Matcher, link: Link, source: sa.FromClause, target: sa.FromClause, *, bare: Side = ""
) -> Bool:
    """The condition that `source` references `target`; columns of the `bare` side stay unconverted, for an index."""
    if link.plain:
        pairs = zip(link.columns, link.to_columns, strict=True)
        return every([*(source.c[a] == target.c[b] for a, b in pairs), *when(link, source)])
    here, there = (link.table, link.columns[0]), (link.to_table, link.to_columns[0])
    a: Value = source.c[here[1]]
    b: Value = target.c[there[1]]
    if link.path:
        a = store.inside(a, link.path)
        bare = "target" if bare == "source" else bare  # no index knows what lies inside
    same = _folded if link.compare == "folded" else _held if link.compare != "text" else _as_text
    return every([same(store, link, (a, here), (b, there), bare), *when(link, source)])


def when(link: Link, source: sa.FromClause) -> list[Bool]:
    """The conditions for rows to which a reference applies: its `when`, and no value of `nobody`."""
    found = [equals(source.c[name], value) for name, value in link.when]
    for value in link.nobody:
        if value is not None:
            found += [source.c[name] != sa.literal(value) for name in link.columns if not link.path]
    return found


def equals(column: Value, value: Scalar) -> Bool:
    """A column equals a value; None means NULL."""
    return column.is_(None) if value is None else column == sa.literal(value)


def every(parts: Any) -> Bool:
    """All parts hold."""
    items = list(parts)
    return reduce(lambda a, b: a & b, items) if items else sa.true()


_End = tuple[Value, tuple[str, str]]


def _as_text(store: Matcher, link: Link, source: _End, target: _End, bare: Side) -> Bool:
    """Columns of different types: a number that is looked for is compared as a number."""
    (a, here), (b, there) = source, target
    texts = {True: _text(store, a, "" if link.path else here), False: _text(store, b, there)}
    if bare == "target" and _number(store, there):
        return b == sa.case((store.digits(texts[True]), sa.cast(texts[True], sa.BigInteger)))
    if bare == "source" and not link.path and _number(store, here):
        return a == sa.case((store.digits(texts[False]), sa.cast(texts[False], sa.BigInteger)))
    if bare == "source" and not link.path:
        return store.same_text(texts[True], texts[False], here)
    return store.same_text(texts[False], texts[True], there)


def _folded(store: Matcher, link: Link, source: _End, target: _End, bare: Side) -> Bool:
    """Texts in any letter case."""
    (a, here), (b, there) = source, target
    ours, theirs = _text(store, a, "" if link.path else here), _text(store, b, there)
    if bare == "source":
        return store.same_text(ours, theirs, here, fold=True)
    return store.same_text(theirs, ours, there, fold=True)


def _held(store: Matcher, link: Link, source: _End, target: _End, bare: Side) -> Bool:
    """The source column contains the value in lower case, or its hash."""
    (a, here), (b, there) = source, target
    known = store.folded(sa.func.trim(_text(store, b, there)))
    if link.compare in HASHES:
        known = store.hashed(known, link.compare)
    del bare
    return store.same_text(_text(store, a, "" if link.path else here), known, here)


def _text(store: Matcher, value: Value, at: tuple[str, str] | str) -> Value:
    """A value as text; a text is left as it is, so that an index on it can be used."""
    textual = not at or isinstance(store.types.get(at) if isinstance(at, tuple) else None, sa.String)
    return value if textual else sa.cast(value, sa.Text)


def _number(store: Matcher, at: tuple[str, str]) -> bool:
    return isinstance(store.types.get(at), sa.Integer)
