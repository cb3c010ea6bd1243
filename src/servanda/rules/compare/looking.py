"""What checks look at, looked at once: the documents, the stores, and what each rule finds in them.

A rule is run once for all promises that it decides. Waivers do not count: a company may live with a
finding, and the promise is broken all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from servanda.policy.policy import Policy
from servanda.policy.promise import Promise
from servanda.policy.yamlfile import KeyPath, Source
from servanda.rules.engine.rule import Aside, Finding, Rule
from servanda.rules.engine.run import Report, chosen, look
from servanda.rules.engine.view import View
from servanda.rules.engine.waivers import covers, dotted, names_in
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.coverage import Seen, seen
from servanda.stores.document.document import StoresDocument
from servanda.stores.shape import Table


@dataclass(slots=True)
class Comparison:
    """One look at everything. `down` are the stores that do not answer."""

    view: View
    down: tuple[str, ...] = ()
    _looked: dict[str, Report] = field(default_factory=dict)
    _names: dict[tuple[str, int, int], str] = field(default_factory=dict)
    _naming: dict[str, list[str]] = field(default_factory=dict)
    _parts: set[str] = field(default_factory=set)
    _held: dict[tuple[str, str], Seen] = field(default_factory=dict)

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
        """The rules that a word names. Raises ServandaError where it names none."""
        return chosen([word])

    def found(self, rule: Rule, at: list[str] | None = None) -> list[Finding]:
        """What a rule finds at these parts of the documents and below them; anywhere where none is given."""
        findings = list(self._of(rule).findings)
        if at is None:
            return findings
        return [f for f in findings if any(covers(part, where) for part in at for where in self._where(f))]

    def asides(self, rule: Rule) -> list[Aside]:
        """Why a rule does not decide."""
        return list(self._of(rule).asides)

    def unanswered(self, rule: Rule) -> str:
        """Why a rule could not look, empty where it did."""
        looked = self._of(rule)
        if looked.refused:
            return looked.refused[0][1].message
        if looked.broken:
            return f"the rule {rule.code} is broken: {looked.broken[0][1]}"
        if "stores" in rule.needs and self.down:
            return f"store {self.down[0]} does not answer"
        return ""

    def _of(self, rule: Rule) -> Report:
        if rule.code not in self._looked:
            self._looked[rule.code] = look(self.view, [rule.code])
        return self._looked[rule.code]

    def _where(self, finding: Finding) -> list[str]:
        """The part that is found, and the statement of the document that it is found by."""
        if not self._names:
            self._names = {(s.name, *spot): n for s in self._sources() for spot, n in names_in(s).items()}
        at = finding.at
        stands = self._names.get((at.file, at.line, at.column), "")
        return [name for name in (finding.where, stands) if name]

    def _sources(self) -> list[Source]:
        return [self.policy.source, *([] if self.view.binding is None else [self.stores.source])]

    # -- the documents ---------------------------------------------------------------------

    def statements(self, promise: Promise) -> list[str]:
        """The promise and every statement that names it, as waivers name parts of the document."""
        if not self._naming:
            for source in self._sources():
                for path, value in _leaves(source.data, ()):
                    if path[-1:] == ("promise",):
                        self._naming.setdefault(value, []).append(dotted(path[:-1], source))
        return [promise.id, *self._naming.get(promise.id, ())]

    def has(self, part: str) -> bool:
        """Whether a document has such a part."""
        if not self._parts:
            self._parts = {dotted(path, source) for source in self._sources() for path in source.values}
        return part in self._parts

    def places(self, category: str) -> list[BoundPlace]:
        """The places that hold a category, in the stores that answered."""
        return [place for place in self.view.places if category in place.data]

    def recognised(self, store: str, table: Table) -> Seen:
        """What the columns of a table are, as far as names, types and some values tell."""
        at = (store, table.name)
        if at not in self._held:
            self._held[at] = seen(self.view.bound, self.view.sessions[store], store, table)
        return self._held[at]

    def declared(self, category: str) -> list[str]:
        """The places where the stores document says that a category lies, whether they are there or not."""
        return [name for name, (_, place) in self.stores.places().items() if category in place.data]


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    items = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if items is None:
        yield path, value
        return
    for key, below in items:
        yield from _leaves(below, (*path, key))
