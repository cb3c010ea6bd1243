"""Facts of law with their days: what was so on a day, since when, until when, and who says so.

    adequacy("US", date(2020, 6, 1))     organisations certified under the Privacy Shield
    adequacy("US", date(2020, 8, 1))     None: invalid since 2020-07-16

The tables stand in TOML files beside this one, a file a subject. Every row has `valid_from`,
mostly no `valid_to` (the last day on which it was so), and a `source`; a row without a
source, or two rows for one thing on one day, are mistakes that loading finds. Nothing here
is opinion: what a company may do with a fact is said by the rules.
"""

from servanda.law.facts.periods import Limit, maximum, minima
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
    "every",
    "in_eea",
    "maximum",
    "minima",
    "phone_regime",
    "tool",
]
