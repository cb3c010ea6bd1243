"""What a rule is, and what it says.

    @rule("SV405", severity="error", needs={"stores"})
    def check(view: View) -> Iterator[Said]: …

fails            it is so: a finding of the rule's own severity
weak             it may be so, or is so in part: a finding one severity lower
not_applicable   what the rule is about does not exist here, and why
needs            the documents cannot decide it: what would (a record, a live site, a person)

One that says nothing has passed. A rule's slug is the name of its file; its manual is the
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
"""From the gravest to the lightest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule saw at one spot. `fix` is what to write or do instead, empty where the message says it.

    A message names documents, tables and columns, and counts rows; it never quotes a value of a row.
    `where` names what it is about for waivers, such as “app.accounts.phone”; where it is empty, the
    path of the spot in its document does.
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
    """Why a rule did not decide: it does not apply, or it needs what no document holds."""

    rule: str
    kind: Undecided
    why: str


Said = Finding | Aside
Check = Callable[[View], Iterator[Said]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, its slug, the law or technical reason it rests on, and how it looks."""

    code: str
    slug: str
    law: str
    severity: Severity
    needs: frozenset[Need]
    check: Check

    @property
    def room(self) -> str:
        """What it is about: the name of its file's folder."""
        return self.check.__module__.split(".")[-2]

    @property
    def text(self) -> str:
        """The manual: the docstring of the rule's file."""
        return sys.modules[self.check.__module__].__doc__ or ""

    def says(self, view: View) -> Iterator[Said]:
        """What it says, under its code and severity; nothing where what it looks at is not there."""
        if self.needs <= view.sees:
            for said in self.check(view):
                if isinstance(said, Aside):
                    yield replace(said, rule=self.code)
                    continue
                lower = SEVERITIES.index(self.severity) + (said.verdict == "weak")
                severity = SEVERITIES[min(lower, len(SEVERITIES) - 1)]
                yield replace(said, rule=self.code, severity=severity)


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


def known() -> list[Rule]:
    """Every rule, by code; the files of all folders beside this one are loaded when this is first asked."""
    rooms = importlib.import_module("servanda.rules")
    for room in pkgutil.iter_modules(rooms.__path__, "servanda.rules."):
        if room.ispkg and room.name not in _NO_RULES:
            for file in pkgutil.iter_modules(importlib.import_module(room.name).__path__, f"{room.name}."):
                importlib.import_module(file.name)
    return [_KNOWN[code] for code in sorted(_KNOWN)]


def fails(at: Spot, message: str, fix: str = "", *, where: str = "") -> Finding:
    """It is so. The rule's code and severity are added when it is run."""
    return Finding("", "fails", at, message, fix, where)


def weak(at: Spot, message: str, fix: str = "", *, where: str = "") -> Finding:
    """It may be so, or is so in part: one severity lower."""
    return Finding("", "weak", at, message, fix, where)


def not_applicable(why: str) -> Aside:
    """What the rule is about does not exist here; `why` is a clause such as “no DPO is named”."""
    return Aside("", "not applicable", why)


def needs(what: str) -> Aside:
    """The documents cannot decide it; `what` would, such as “the dated agreement with each processor”."""
    return Aside("", "needs", what)


def complaints(view: View, kind: str) -> Iterator[Finding]:
    """What binding the stores document to the stores complained of, of one kind."""
    for complaint in view.bound.complaints:
        if complaint.kind == kind:
            store, place = complaint.place.split(".", 1)
            path = ("stores", store, "places", place)
            source = view.bound.document.source
            at = source.spot(path, key=True) if complaint.at == source.spot(path) else complaint.at
            yield fails(at, f"{complaint.place}: {complaint.message}", complaint.advice)
