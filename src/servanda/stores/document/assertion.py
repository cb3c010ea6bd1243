"""What a place, or a store, asserts of its rows, so that a promise of the policy is kept there.

    {column: iban, is: null, unless: {payment: debit}}     each row, but for those with this value
    {column: newsletter, default: false}                   what the database writes unasked
    {born: birth_date, under: 15, consent: consents}       who is younger has a parent's consent on record
    {never: card-code}                                     no column holds such a thing

Each is asked by one statement that counts; no value is read.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from servanda.policy.base import Strict
from servanda.stores.document.change import Scalar, Shorter

Nature = Literal[
    "email", "phone", "name", "postal-address", "ip", "birth", "bank-account", "card", "card-code",
    "national-id", "identity-document", "gender", "password", "login", "location", "device", "special",
    "status", "image", "organisation", "company-number", "free-text",
]  # fmt: skip
"""What a column can be recognised as."""


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Values = Annotated[
    list[Scalar],
    BeforeValidator(_listed),
    Shorter("string", "integer", "boolean", "null"),
    Field(min_length=1),
]
"""A value, or a list of values; null is one."""


class Never(Strict):
    """No column holds data of a nature, such as verification codes of cards. `promise` says so in public."""

    never: Nature
    promise: str | None = None


class Held(Strict):
    """Each row of a place has one of the values `is` in a column, but for rows with the values of `unless`."""

    column: str
    is_: Values = Field(alias="is")
    unless: dict[str, Values] = Field(default_factory=dict)
    promise: str | None = None

    def __str__(self) -> str:
        told = f"{self.column} is {_or(self.is_)}"
        beside = " and ".join(f"{name} is {_or(values)}" for name, values in self.unless.items())
        return f"{told} unless {beside}" if beside else told


class Unasked(Strict):
    """The database gives a column this value where the application says nothing (GDPR 25(2))."""

    column: str
    default: Scalar
    promise: str | None = None


class Minor(Strict):
    """Who is `under` an age by the day in the column `born` has a row in the place `consent`, which points here.

    But for rows with the values of `unless`, such as accounts that nobody can use yet (GDPR 8).
    """

    born: str
    under: int = Field(ge=1, le=21)
    consent: str
    unless: dict[str, Values] = Field(default_factory=dict)
    promise: str | None = None

    @property
    def column(self) -> str:
        """The column that it is about."""
        return self.born

    def __str__(self) -> str:
        beside = " and ".join(f"{name} is {_or(values)}" for name, values in self.unless.items())
        told = f"{self.consent} has a consent for who is under {self.under} by {self.born}"
        return f"{told}, unless {beside}" if beside else told


def _tag(value: Any) -> str:
    if isinstance(value, Strict):
        return type(value).__name__
    keys = value if isinstance(value, dict) else {}
    named = {"never": "Never", "default": "Unasked", "born": "Minor"}
    return next((tag for key, tag in named.items() if key in keys), "Held")


Assertion = Annotated[
    Annotated[Held, Tag("Held")]
    | Annotated[Unasked, Tag("Unasked")]
    | Annotated[Minor, Tag("Minor")]
    | Annotated[Never, Tag("Never")],
    Discriminator(_tag),
]


def _or(values: list[Scalar]) -> str:
    words = {None: "null", True: "true", False: "false"}
    return " or ".join(words[v] if v is None or isinstance(v, bool) else repr(v) for v in values)
