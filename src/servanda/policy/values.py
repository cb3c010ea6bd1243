"""Typed values of a policy: texts, periods, grounds, published values, and the base of sentences."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from servanda.law.period import NotAPeriod, Period, PeriodRange, parse_period, parse_range
from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt

Language = Literal["en", "fr"]
_ISO = re.compile(r"P(?=\d)(\d+[YMWD])+")


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_SEVERAL = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}
Names = Annotated[list[str], BeforeValidator(_several), Field(min_length=1), WithJsonSchema(_ONE_OR_SEVERAL)]
"""One name, or a list of names."""


class Words(Strict):
    """A text in French, in English, or in both."""

    fr: str | None = None
    en: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Words:
        if not (self.fr or self.en):
            raise ValueError("no text in any language | write fr: … or en: …")
        return self

    def say(self, language: str) -> str:
        """The text in `language`, or in the other language if it has only that one."""
        return (self.fr or self.en or "") if language == "fr" else (self.en or self.fr or "")


def _period(value: Any) -> Period:
    if isinstance(value, Period):
        return value
    try:
        return parse_period(str(value))
    except NotAPeriod as error:
        raise ValueError(f"{error.message} | {error.advice}") from None


IsoPeriod = Annotated[
    Period,
    BeforeValidator(_period),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^P(?=\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?$",
            "examples": ["P1Y", "P13M", "P90D"],
        }
    ),
]
"""A calendar period in ISO 8601, days at the finest: P1Y, P13M, P90D."""


def _span(value: Any) -> Period | PeriodRange:
    if isinstance(value, Period | PeriodRange):
        return value
    try:
        return parse_range(str(value)) if ".." in str(value) else parse_period(str(value))
    except NotAPeriod as error:
        raise ValueError(f"{error.message} | {error.advice}") from None


Span = Annotated[
    Period | PeriodRange,
    BeforeValidator(_span),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^P(?=\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(\.\.P(?=\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?)?$",
            "examples": ["P1Y", "P5Y..P10Y"],
        }
    ),
]
"""A period, or a range of periods as some texts publish: P5Y..P10Y."""


def _date(value: Any) -> Any:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        day = None
    if day is None or str(day) != str(value):
        raise ValueError(f"“{value}” is not a date | write it as 2022-12-26")
    return value


Date = Annotated[str, BeforeValidator(_date)]
"""A day, as text: 2022-12-26."""

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""A country by its two letters in ISO 3166-1: FR."""

Line = Annotated[int, Field(ge=1)]
"""A line of the published text, counted from 1."""


def published_value(value: Any) -> Any:
    """A published value with its periods parsed: "P12M" and "P5Y..P10Y" are typed, the rest unchanged.

    Used to compare two documents.
    """
    if isinstance(value, str):
        if ".." in value and all(_ISO.fullmatch(part) for part in value.split("..")):
            return parse_range(value)
        return parse_period(value) if _ISO.fullmatch(value) else value
    if isinstance(value, list):
        return [published_value(item) for item in value]
    if isinstance(value, dict):
        return {key: published_value(item) for key, item in value.items()}
    return value


def periods_in(value: Any) -> list[Period]:
    """The exact periods of a published value, in order, without ranges."""
    parsed = published_value(value)
    if isinstance(parsed, Period):
        return [parsed]
    if isinstance(parsed, dict):
        return [period for item in parsed.values() for period in periods_in(item)]
    return [period for item in parsed for period in periods_in(item)] if isinstance(parsed, list) else []


def spans_in(value: Any) -> list[Period | PeriodRange]:
    """The periods and ranges of a published value, in order."""
    parsed = published_value(value)
    if isinstance(parsed, Period | PeriodRange):
        return [parsed]
    below = list(parsed.values()) if isinstance(parsed, dict) else parsed
    return [span for item in below for span in spans_in(item)] if isinstance(below, list) else []


class Ground(Strict):
    """Why data may or must stay: exactly one of a law, a recommendation or a justified choice.

    `law` and `recommendation` cite their source, such as FR/c-com/L123-22 or CNIL/NS-48;
    `choice` gives the reason in words (GDPR 5(1)(e): no longer than necessary).
    """

    law: str | None = None
    recommendation: str | None = None
    choice: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Ground:
        if sum(bool(v) for v in (self.law, self.recommendation, self.choice)) != 1:
            raise ValueError("a ground is exactly one of law, recommendation or choice")
        return self

    def __str__(self) -> str:
        """Return the ground as text: “law FR/c-com/L123-22”."""
        if self.law:
            return f"law {self.law}"
        return f"recommendation {self.recommendation}" if self.recommendation else f"choice: {self.choice}"


class Sentence(Strict):
    """Something that the published text states. `line` counts from 1 in that text."""

    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line | None = None
