"""What checks read: the documents, the stores, and the findings of each rule, cached.

Each rule runs once for all promises. Waivers do not apply: a waived finding still breaks the promise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from servanda.policy.policy import Policy
from servanda.policy.promise import Promise
from servanda.policy.yamlfile import KeyPath, Source
from servanda.rules.engine.rule import Aside, Finding, Rule
from servanda.rules.engine.run import Report, run_rules, select_rules
from servanda.rules.engine.view import View
from servanda.rules.engine.waivers import covers, dotted, names_in
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.coverage import Seen, seen
from servanda.stores.document.document import StoresDocument
from servanda.stores.shape import Table


@dataclass(slots=True)
class Comparison:
    """A view with cached results of rules. `down` are the names of stores that do not answer."""

    view: View
    down: tuple[str, ...] = ()
    _reports: dict[str, Report] = field(default_factory=dict)
    _names: dict[tuple[str, int, int], str] = field(default_factory=dict)
    _statements: dict[str, list[str]] = field(default_factory=dict)
    _parts: set[str] = field(default_factory=set)
    _recognised: dict[tuple[str, str], Seen] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        """The policy."""
        return self.view.policy

    @property
    def stores(self) -> StoresDocument:
        """The stores document."""
        return self.view.bound.document

    # -- rules -----------------------------------------------------------------------------

    def rules(self, word: str) -> list[Rule]:
        """The rules with this code, prefix of a code, or slug. Raises ServandaError if there is none."""
        return select_rules([word])

    def findings(self, rule: Rule, at: list[str] | None = None) -> list[Finding]:
        """The findings of a rule at or below these parts of the documents; all of them if `at` is None."""
        findings = list(self._report(rule).findings)
        if at is None:
            return findings
        return [f for f in findings if any(covers(part, where) for part in at for where in self._names_of(f))]

    def asides(self, rule: Rule) -> list[Aside]:
        """The reasons why a rule is undecided."""
        return list(self._report(rule).asides)

    def failure(self, rule: Rule) -> str:
        """The reason why a rule could not run, or an empty string."""
        report = self._report(rule)
        if report.refused:
            return report.refused[0][1].message
        if report.broken:
            return f"the rule {rule.code} is broken: {report.broken[0][1]}"
        if "stores" in rule.needs and self.down:
            return f"store {self.down[0]} does not answer"
        return ""

    def _report(self, rule: Rule) -> Report:
        if rule.code not in self._reports:
            self._reports[rule.code] = run_rules(self.view, [rule.code])
        return self._reports[rule.code]

    def _names_of(self, finding: Finding) -> list[str]:
        """The names of a finding: the part it is about, and the part of the document at its spot."""
        if not self._names:
            self._names = {(s.name, *spot): n for s in self._sources() for spot, n in names_in(s).items()}
        at = finding.at
        statement = self._names.get((at.file, at.line, at.column), "")
        return [name for name in (finding.where, statement) if name]

    def _sources(self) -> list[Source]:
        return [self.policy.source, *([] if self.view.binding is None else [self.stores.source])]

    # -- the documents ---------------------------------------------------------------------

    def statements(self, promise: Promise) -> list[str]:
        """The promise and every statement with `promise:` naming it, as dotted names."""
        if not self._statements:
            for source in self._sources():
                for path, value in _leaves(source.data, ()):
                    if path[-1:] == ("promise",):
                        self._statements.setdefault(value, []).append(dotted(path[:-1], source))
        return [promise.id, *self._statements.get(promise.id, ())]

    def has(self, part: str) -> bool:
        """Return whether a document has a part with this dotted name."""
        if not self._parts:
            self._parts = {dotted(path, source) for source in self._sources() for path in source.values}
        return part in self._parts

    def places(self, category: str) -> list[BoundPlace]:
        """The places that hold a category, in the stores that answered."""
        return [place for place in self.view.places if category in place.data]

    def recognised(self, store: str, table: Table) -> Seen:
        """The columns of a table, recognised by names, types and sampled values; cached."""
        table_key = (store, table.name)
        if table_key not in self._recognised:
            self._recognised[table_key] = seen(self.view.bound, self.view.sessions[store], store, table)
        return self._recognised[table_key]

    def declared(self, category: str) -> list[str]:
        """The names of places that declare a category, whether they exist in a store or not."""
        return [name for name, (_, place) in self.stores.places().items() if category in place.data]


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    items = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if items is None:
        yield path, value
        return
    for key, child in items:
        yield from _leaves(child, (*path, key))
