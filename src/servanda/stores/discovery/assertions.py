"""Which rows are not as a place asserts, and whether a column has the default that is asserted."""

from __future__ import annotations

from datetime import date

from servanda.stores.document.assertion import Held, Minor
from servanda.stores.document.change import Scalar
from servanda.stores.selection import (
    All,
    Any,
    Before,
    Condition,
    Equals,
    Link,
    Not,
    OwnTime,
    PointedAt,
    TimeColumn,
)
from servanda.stores.shape import Column


def violating(held: Held, where: dict[str, Scalar]) -> Condition:
    """The rows of a place (those with the values of `where`) for which it is not so.

    A row that cannot be decided, since a column is NULL, is one of them.
    """
    ours = [Equals(name, value) for name, value in where.items()]
    exempt = [_in_values(name, values) for name, values in held.unless.items()]
    wrong = [Not(_in_values(held.column, held.is_)), *([Not(All(tuple(exempt)))] if exempt else [])]
    return All((*ours, *wrong))


def unconsented(
    minor: Minor, where: dict[str, Scalar], time: TimeColumn, of_age: date, link: Link
) -> Condition:
    """The rows of whoever was born on `of_age` or later, and for whom no row of `link` is there.

    Nobody can tell how old somebody is whose day of birth is not known: such a row is not one of them.
    """
    ours: list[Condition] = [Equals(name, value) for name, value in where.items()]
    exempt = [_in_values(name, values) for name, values in minor.unless.items()]
    young = [Not(Before(OwnTime(time), of_age)), Not(Equals(minor.born, None)), Not(PointedAt(link))]
    return All((*ours, *young, *([Not(All(tuple(exempt)))] if exempt else [])))


def filled(column: Column) -> Condition:
    """The rows in which a column has a value that is not empty."""
    empty: list[Condition] = [Equals(column.name, None)]
    if not column.number:
        empty.append(Equals(column.name, ""))
    return All(tuple(Not(each) for each in empty))


def has_default(column: Column, wanted: Scalar) -> bool:
    """Whether the database writes this value where nothing is said; each spells it in ways of its own."""
    text = (column.default or "null").strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    text = text.split("::")[0].strip()
    quoted = len(text) > 1 and text[0] == text[-1] == "'"
    plain = text[1:-1].replace("''", "'") if quoted else text.lower()
    if wanted is None:
        return plain == "null" and not quoted
    if isinstance(wanted, bool):
        bit = plain.removeprefix("b'").removesuffix("'")
        return bit in (("true", "t", "1") if wanted else ("false", "f", "0"))
    return plain == str(wanted) and (quoted or isinstance(wanted, int))


def _in_values(column: str, values: list[Scalar]) -> Condition:
    return Any(tuple(Equals(column, value) for value in values))
