"""Facts by country: EEA membership, adequacy decisions, authorities, rules on calls to consumers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from servanda.law.facts.table import Fact, rows


@dataclass(frozen=True, slots=True)
class Member(Fact):
    """Members of the European Economic Area, within which data can move freely."""

    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adequacy(Fact):
    """A decision that a country protects data adequately (GDPR 45).

    `only` limits it to some organisations, and is empty for the whole country; `needs` is the id of
    the tool that a recipient must hold, such as “dpf”.
    """

    country: str
    only: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Authority(Fact):
    """A supervisory authority (GDPR 51) with its addresses.

    `of_companies` is false for one that is not competent for private companies of its country.
    """

    id: str
    country: str
    name: str
    postal: str
    phone: str
    url: str
    complaints: str
    of_companies: bool = True


@dataclass(frozen=True, slots=True)
class PhoneRegime(Fact):
    """The rule on marketing calls in a country: opt-in or opt-out."""

    country: str
    regime: Literal["consent", "objection"]
    except_running_contract: bool


@cache
def _members() -> list[Member]:
    def make(row: dict[str, Any]) -> Member:
        return Member(**row | {"countries": tuple(row["countries"])})

    return rows("eea", "member", make, lambda member: member.countries)


def in_eea(country: str, day: date) -> bool:
    """Return whether a country (ISO 3166, such as FR) is a member of the EEA on a day."""
    return any(country in member.countries and member.holds(day) for member in _members())


@cache
def _decisions() -> list[Adequacy]:
    return rows("adequacy", "decision", lambda row: Adequacy(**row), lambda decision: decision.country)


def adequacy(country: str, day: date) -> Adequacy | None:
    """The adequacy decision for a country on a day, or None."""
    return next(
        (decision for decision in _decisions() if decision.country == country and decision.holds(day)), None
    )


@cache
def _authorities() -> list[Authority]:
    return rows("authorities", "authority", lambda row: Authority(**row), lambda entry: entry.id)


def authority(word: str, day: date) -> Authority | None:
    """The authority with this short name (CNIL), or that of the companies of this country (FR), on a day."""
    folded = word.casefold()
    return next(
        (
            entry
            for entry in _authorities()
            if entry.holds(day)
            and (
                folded in (entry.id.casefold(), entry.name.casefold())
                or (entry.of_companies and folded == entry.country.casefold())
            )
        ),
        None,
    )


@cache
def _regimes() -> list[PhoneRegime]:
    return rows("phone", "regime", lambda row: PhoneRegime(**row), lambda regime: regime.country)


def phone_regime(country: str, day: date) -> PhoneRegime | None:
    """The rule on marketing calls in a country on a day; None if no source is known."""
    return next((regime for regime in _regimes() if regime.country == country and regime.holds(day)), None)
