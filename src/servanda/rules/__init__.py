"""Legal and technical rules for a policy and its stores; one file per rule, with its manual and examples.

To add a rule, write a file in a room: its docstring is the manual, its examples are its tests,
and the decorator registers it. See `engine/manual.py` for the form of the docstring.
"""

from servanda.rules.engine.rule import (
    Aside,
    Finding,
    Result,
    Rule,
    all_rules,
    fails,
    needs,
    not_applicable,
    rule,
    weak,
)
from servanda.rules.engine.run import Report, findings, run_rules, select_rules
from servanda.rules.engine.view import View

__all__ = [
    "Aside",
    "Finding",
    "Report",
    "Result",
    "Rule",
    "View",
    "all_rules",
    "fails",
    "findings",
    "needs",
    "not_applicable",
    "rule",
    "run_rules",
    "select_rules",
    "weak",
]
