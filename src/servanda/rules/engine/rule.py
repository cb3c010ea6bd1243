"""Rules and their results.

    @rule("SV405", severity="error", needs={"stores"})
    def check(view: View) -> Iterator[Result]: …

fails            certain: a finding with the rule's own severity
weak             possible or partial: a finding one severity lower
not_applicable   the subject of the rule does not exist here
needs            the documents cannot decide; names what would (a record, a live site, a person)

A rule that yields nothing has passed. A rule's slug is the name of its file; its manual is the
docstring of its file.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from servanda.errors import Spot
from servanda.rules.engine.view import Need, View

Severity = Literal["error", "warning", "advice"]
Verdict = Literal["fails", "weak"]
Undecided = Literal["needs", "not applicable"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")
"""From the most to the least severe."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding at one spot of a document. `fix` is the remedy, empty if the message contains it.

    A message names documents, tables and columns, and counts rows; it never quotes a value of a row.
    `where` is the dotted name that waivers match, such as “app.accounts.phone”; if it is empty, the
    path of the spot in its document is used.
    """

    rule: str
    verdict: Verdict
    at: Spot
    message: str
    fix: str = ""
    where: str = ""
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Aside:
    """The reason why a rule is undecided: it does not apply, or it needs what no document contains."""

    rule: str
    kind: Undecided
    why: str


Result = Finding | Aside
Check = Callable[[View], Iterator[Result]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: code, slug, the article of law or technical reason behind it, and its check function."""

    code: str
    slug: str
    law: str
    severity: Severity
    needs: frozenset[Need]
    check: Check

    @property
    def room(self) -> str:
        """The subject of the rule: the name of the folder of its file."""
        return self.check.__module__.split(".")[-2]

    @property
    def text(self) -> str:
        """The manual: the docstring of the rule's file."""
        return sys.modules[self.check.__module__].__doc__ or ""

    def run(self, view: View) -> Iterator[Result]:
        """Yield the results with code and severity set; nothing if the view lacks what the rule needs."""
        if self.needs <= view.sees:
            for result in self.check(view):
                if isinstance(result, Aside):
                    yield replace(result, rule=self.code)
                    continue
                lower = SEVERITIES.index(self.severity) + (result.verdict == "weak")
                severity = SEVERITIES[min(lower, len(SEVERITIES) - 1)]
                yield replace(result, rule=self.code, severity=severity)


_KNOWN: dict[str, Rule] = {}
_NO_RULES = frozenset({"servanda.rules.engine", "servanda.rules.compare"})
_POLICY: tuple[Need, ...] = ("policy",)


def rule(
    code: str, *, law: str = "", severity: Severity = "error", needs: Collection[Need] = _POLICY
) -> Callable[[Check], Check]:
    """Register a rule. `law` cites the article, or names the technical reason."""

    def register(check: Check) -> Check:
        slug = check.__module__.rsplit(".", 1)[-1].replace("_", "-")
        assert code not in _KNOWN or _KNOWN[code].slug == slug, f"{code} is taken by {_KNOWN[code].slug}"
        _KNOWN[code] = Rule(code, slug, law, severity, frozenset(needs), check)
        return check

    return register


def all_rules() -> list[Rule]:
    """All rules sorted by code. The first call imports the files of all rooms of rules."""
    rooms = importlib.import_module("servanda.rules")
    for room in pkgutil.iter_modules(rooms.__path__, "servanda.rules."):
        if room.ispkg and room.name not in _NO_RULES:
            for file in pkgutil.iter_modules(importlib.import_module(room.name).__path__, f"{room.name}."):
                importlib.import_module(file.name)
    return [_KNOWN[code] for code in sorted(_KNOWN)]


def fails(at: Spot, message: str, fix: str = "", *, where: str = "") -> Finding:
    """A certain finding. The runner adds the rule's code and severity."""
    return Finding("", "fails", at, message, fix, where)


def weak(at: Spot, message: str, fix: str = "", *, where: str = "") -> Finding:
    """A possible or partial finding: one severity lower."""
    return Finding("", "weak", at, message, fix, where)


def not_applicable(why: str) -> Aside:
    """The subject of the rule does not exist here; `why` is a clause such as “no DPO is named”."""
    return Aside("", "not applicable", why)


def needs(what: str) -> Aside:
    """The documents cannot decide it; `what` would, such as “the dated agreement with each processor”."""
    return Aside("", "needs", what)


def complaints(view: View, kind: str) -> Iterator[Finding]:
    """Yield a finding for each complaint of one kind from binding the stores document."""
    for complaint in view.bound.complaints:
        if complaint.kind == kind:
            store, place = complaint.place.split(".", 1)
            path = ("stores", store, "places", place)
            source = view.bound.document.source
            at = source.spot(path, key=True) if complaint.at == source.spot(path) else complaint.at
            yield fails(at, f"{complaint.place}: {complaint.message}", complaint.advice)
