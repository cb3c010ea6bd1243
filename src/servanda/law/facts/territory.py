"""Facts that depend on a country: membership of the EEA, adequacy, the authority, calls to consumers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from servanda.law.facts.table import Fact, rows


@dataclass(frozen=True, slots=True)
class Member(Fact):
    """Countries of the European Economic Area, between which data flow without a transfer."""

    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adequacy(Fact):
    """A decision that a country protects data adequately (GDPR 45).

    `only` says for which organisations, empty for the whole country; `needs` is the id of the
    tool that a recipient must hold, such as “dpf”.
    """

    country: str
    only: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Authority(Fact):
    """A supervisory authority (GDPR 51), as one writes to it on a day."""

    id: str
    country: str
    name: str
    postal: str
    phone: str
    url: str
    complaints: str


@dataclass(frozen=True, slots=True)
class PhoneRegime(Fact):
    """Who may be called to be sold something: those who consented, or those who did not object."""

    country: str
    regime: Literal["consent", "objection"]
    except_running_contract: bool


@cache
def _members() -> list[Member]:
    def make(row: dict[str, Any]) -> Member:
        return Member(**row | {"countries": tuple(row["countries"])})

    return rows("eea", "member", make, lambda member: member.countries)


def in_eea(country: str, day: date) -> bool:
    """Whether a country (ISO 3166, such as FR) belongs to the European Economic Area on a day."""
    return any(country in member.countries and member.holds(day) for member in _members())


@cache
def _decisions() -> list[Adequacy]:
    return rows("adequacy", "decision", lambda row: Adequacy(**row), lambda found: found.country)


def adequacy(country: str, day: date) -> Adequacy | None:
    """The decision of adequacy that holds for a country on a day, if any."""
    return next((found for found in _decisions() if found.country == country and found.holds(day)), None)


@cache
def _authorities() -> list[Authority]:
    return rows("authorities", "authority", lambda row: Authority(**row), lambda found: found.id)


def authority(word: str, day: date) -> Authority | None:
    """The authority with this short name (CNIL), or of this country (FR), on a day."""
    folded = word.casefold()
    return next(
        (
            found
            for found in _authorities()
            if found.holds(day)
            and folded in (found.id.casefold(), found.country.casefold(), found.name.casefold())
        ),
        None,
    )


@cache
def _regimes() -> list[PhoneRegime]:
    return rows("phone", "regime", lambda row: PhoneRegime(**row), lambda found: found.country)


def phone_regime(country: str, day: date) -> PhoneRegime | None:
    """Who may be called to be sold something in a country on a day; None where no source was found."""
    return next((found for found in _regimes() if found.country == country and found.holds(day)), None)
