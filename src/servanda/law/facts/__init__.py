"""Dated facts of law: each with its first day, its last day and its source.

    adequacy("US", date(2020, 6, 1))     organisations certified under the Privacy Shield
    adequacy("US", date(2020, 8, 1))     None: invalid since 2020-07-16

The tables are TOML files in this folder, one per subject. Every row has `valid_from`, an optional
`valid_to` (the last day), and a `source`; loading fails for a row without a source, and for two rows
on the same subject and day. The rules interpret the facts.
"""

from servanda.law.facts.periods import Limit, countries_of, maximum, minima
from servanda.law.facts.table import BadFact, Fact, changes, every
from servanda.law.facts.territory import (
    Adequacy,
    Authority,
    PhoneRegime,
    adequacy,
    authority,
    in_eea,
    phone_regime,
)
from servanda.law.facts.tools import Tool, tool

__all__ = [
    "Adequacy",
    "Authority",
    "BadFact",
    "Fact",
    "Limit",
    "PhoneRegime",
    "Tool",
    "adequacy",
    "authority",
    "changes",
    "countries_of",
    "every",
    "in_eea",
    "maximum",
    "minima",
    "phone_regime",
    "tool",
]
