"""What the law requires of a policy and of its stores; one file per rule, its manual and examples inside.

To add a rule, write a file here: its docstring is the manual, its examples are its test,
and the decorator registers it. There is no list of rules anywhere; see `manual` for the
form of the docstring.
"""

from servanda.rules.engine.rule import (
    Aside,
    Finding,
    Rule,
    Said,
    fails,
    known,
    needs,
    not_applicable,
    rule,
    weak,
)
from servanda.rules.engine.run import Report, chosen, findings, look
from servanda.rules.engine.view import View

__all__ = [
    "Aside",
    "Finding",
    "Report",
    "Rule",
    "Said",
    "View",
    "chosen",
    "fails",
    "findings",
    "known",
    "look",
    "needs",
    "not_applicable",
    "rule",
    "weak",
]
