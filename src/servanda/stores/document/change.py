"""Shorter ways to write a value of the stores document, told to its JSON Schema.

How a value is emptied when its data have ended and its row stays.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from servanda.policy.base import Strict


class Shorter:
    """Tells the JSON Schema of a value that a shorter way to write it is allowed too."""

    def __init__(self, *short: str) -> None:
        self._short = short

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [*({"type": type_} for type_ in self._short), handler(core)]}


Scalar = str | int | bool | None


class Change(Strict):
    """How a value is emptied: exactly one of these; YAML null is the shortest way to write `set: null`.

    `constant` writes a fixed value; `truncate` keeps the year, month or day of a date or the
    network of an IP address; `generalise` keeps the first N characters of a postcode;
    `pseudonym` writes a keyed hash, which is still personal data (GDPR recital 26).
    """

    constant: Scalar = None
    truncate: Literal["year", "month", "day", "ip"] | None = None
    generalise: int | None = Field(default=None, ge=1, le=12)
    pseudonym: bool = False

    @model_validator(mode="after")
    def _one(self) -> Change:
        given = [self.constant is not None, bool(self.truncate), bool(self.generalise), self.pseudonym]
        if sum(given) > 1:
            raise ValueError(
                "a column is emptied in one way | keep one of constant, truncate, generalise, pseudonym"
            )
        return self


def _change(value: Any) -> Any:
    return {} if value is None else value


Changed = Annotated[Change, BeforeValidator(_change), Shorter("null")]
"""A change of a document, for which null may be written."""
