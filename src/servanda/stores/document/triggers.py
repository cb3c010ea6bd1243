"""What a trigger of the policy means in a place: a column, a row it leads to, the latest of some, an event."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from servanda.policy.base import Strict
from servanda.policy.policy import Zone
from servanda.policy.values import Names
from servanda.stores.document.change import Scalar
from servanda.stores.document.change import Shorter as _Shorter

TimeKind = Literal["aware", "naive", "date", "text", "epoch", "epoch_ms"]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Timed(Strict):
    """A column that holds a time: its kind and zone where the type does not say, and its open values.

    `open` lists values that mean "still running" (null, 0); NULL is otherwise a missing
    date: such rows are reported and never ended.
    """

    as_: TimeKind | None = Field(default=None, alias="as")
    zone: Zone | None = None
    open: Annotated[list[Scalar], BeforeValidator(_listed), _Shorter("string", "integer", "null")] = Field(
        default_factory=list
    )


class AtColumn(Timed):
    """A trigger that is a column of the row itself."""

    column: str


class AtParent(Timed):
    """A trigger that is a column of the row that the named references lead to, one after the other."""

    of: Names
    column: str


class AtParentTrigger(Strict):
    """A trigger that the row at the end of the named references has, whatever that is there."""

    of: Names
    trigger: str


class AtEvent(Strict):
    """A trigger that the company records with `servanda event`, by name and key."""

    event: str


def _short_column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Fallback = Annotated[AtColumn, BeforeValidator(_short_column), _Shorter("string")]


class AtLatest(Timed):
    """The latest of child rows: `latest: logins.at`; `else` is used where there is no child.

    `by` names the child's reference to this place where it has several. With `remember`
    the child's own sweep folds the latest date of each parent into Servanda first.
    """

    latest: str = Field(pattern=r"^[^.]+\.[^.]+$")
    by: str | None = None
    else_: Fallback = Field(alias="else")
    remember: bool = False


class AtGreatest(Strict):
    """The greatest of several; NULL parts do not count, and all NULL is NULL."""

    greatest: list[
        Annotated[
            AtColumn | AtLatest | AtParent | AtEvent, BeforeValidator(_short_column), _Shorter("string")
        ]
    ] = Field(min_length=2)


def _tag(value: Any) -> str:
    for key, tag in (
        ("trigger", "AtParentTrigger"),
        ("greatest", "AtGreatest"),
        ("latest", "AtLatest"),
        ("of", "AtParent"),
        ("event", "AtEvent"),
    ):
        if isinstance(value, dict) and key in value:
            return tag
    return value.__class__.__name__ if isinstance(value, Strict) else "AtColumn"


Trigger = Annotated[
    Annotated[AtColumn, Tag("AtColumn")]
    | Annotated[AtGreatest, Tag("AtGreatest")]
    | Annotated[AtLatest, Tag("AtLatest")]
    | Annotated[AtParent, Tag("AtParent")]
    | Annotated[AtParentTrigger, Tag("AtParentTrigger")]
    | Annotated[AtEvent, Tag("AtEvent")],
    Discriminator(_tag),
    BeforeValidator(_short_column),
    _Shorter("string"),
]
