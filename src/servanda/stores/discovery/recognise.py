"""Whether a column holds personal data: from its type, its name, and values that were looked at.

    personal      its values are addresses, phone numbers, IBANs …, or its name says so by itself
    candidate     it may: free text, JSON, a name that means a person only in some tables
    not personal  nothing says so

A key, a reference or a trigger is not personal by itself (it leads to data that are): of
such a column only its values are believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from servanda.stores.discovery import lexicon, specimens
from servanda.stores.shape import Column

State = Literal["personal", "candidate", "not personal"]
By = Literal["name", "type", "values", ""]

ROWS = 200
"""How many rows of a table are looked at, at most."""

_MOST, _HALF, _FEW = 0.8, 0.5, 0.1
_SELF_PROVING = frozenset({"email", "ip", "bank-account", "national-id"})
"""Natures whose values nothing else looks like; of others, a digit in ten passes by chance."""
_IN_NUMBERS = frozenset({"phone", "card", "card-code", "national-id", "birth", "bank-account"})
_ADDRESSES = ("INET", "CIDR")
_DOCUMENTS = ("JSON", "JSONB", "HSTORE", "XML")
_HIDDEN = ("BYTEA", "BLOB", "BINARY", "VARBINARY", "TSVECTOR")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a column is, its likeliest nature (empty where it has none), and what told so."""

    state: State
    nature: str = ""
    by: By = ""


NOTHING = Recognised("not personal")


def readable(column: Column) -> bool:
    """Whether the values of a column can tell anything: no times, truths or bytes."""
    type_ = _type(column)
    return column.time in ("", "text") and type_ != "BOOLEAN" and not type_.endswith(_HIDDEN)


def recognise(
    column: Column, values: Sequence[str], *, persons: bool = False, linked: bool = False, bare: bool = False
) -> Recognised:
    """What a column holds. `values` are texts of some rows.

    `persons` says that its rows are persons, `linked` that they belong to persons, `bare` that it is a
    key, a reference or a trigger.
    """
    by_value = _by_values(column, values)
    if by_value.state == "personal" or bare:
        return by_value
    named = _by_name(column, persons=persons, linked=linked)
    if named.state == "personal":
        return named
    if by_value.state == "candidate":
        return by_value
    return named


def _by_values(column: Column, values: Sequence[str]) -> Recognised:
    if _type(column) in _ADDRESSES:
        return Recognised("personal", "ip", "type")
    total, found = specimens.count(values) if readable(column) else (0, None)
    if not total or found is None:
        return NOTHING
    for nature, times in found.most_common(1):
        share = times / total
        if nature in _SELF_PROVING and share >= _HALF:
            return Recognised("personal", nature, "values")
        if (
            nature in ("phone", "card")
            and share >= _MOST
            and total >= 3
            and not (column.number and nature == "phone")
        ):
            return Recognised("personal", nature, "values")
        few = nature in _SELF_PROVING and not specimens.by_chance(values, nature, times)
        if share >= (_FEW if few else _MOST):
            return Recognised("candidate", nature, "values")
    if _type(column) in _DOCUMENTS or _documents(values):
        known = [lexicon.read(key) for key in sorted(specimens.keys(values))]
        sure = next((r for r in known if r.sure), None)
        if sure is not None:
            return Recognised("personal", sure.natures[0], "values")
    if specimens.inside(values):
        return Recognised("candidate", "email", "values")
    return NOTHING


def _documents(values: Sequence[str]) -> bool:
    return all(value.lstrip().startswith(("{", "[")) for value in values if value.strip())


def _by_name(column: Column, *, persons: bool, linked: bool) -> Recognised:
    type_, (natures, sure) = _type(column), lexicon.read(column.name)
    fitting = [nature for nature in natures if _fits(column, type_, nature)]
    if fitting and (sure or (persons and fitting[0] == "name")):
        return Recognised("personal", fitting[0], "name")
    if (persons or linked) and fitting:
        return Recognised("candidate", fitting[0], "name")
    if (persons or linked) and type_ in _DOCUMENTS:
        return Recognised("candidate", "free-text", "type")
    return NOTHING


def _fits(column: Column, type_: str, nature: str) -> bool:
    """Whether a column of this type can hold such a thing."""
    if type_ == "BOOLEAN" or type_.startswith(("TINYINT", "BIT")):
        return False
    if column.time not in ("", "text"):
        return nature == "birth"
    return nature in _IN_NUMBERS or nature == "location" if column.number else True


def _type(column: Column) -> str:
    return column.type.upper().split("(")[0].strip()
