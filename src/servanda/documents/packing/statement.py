"""The policy's statement about each category of data in one language: purposes, sources, recipients, periods.

All content comes from the policy; what it does not state is reported as unstated.

Law: GDPR 15(1)(a) to (h): purposes, categories, recipients by name (CJEU C-154/21), periods, rights, complaint,
source, automated decisions; 15(2) the safeguards of transfers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from servanda.law.facts import Authority, adequacy
from servanda.locale import Catalogue, catalogue
from servanda.policy.authority import competent
from servanda.policy.categories import Category
from servanda.policy.policy import Policy
from servanda.policy.promise import Promise, Retention
from servanda.policy.purposes import Basis, Purpose
from servanda.policy.recipients import Recipient
from servanda.policy.register import at_home, transfer_to

PORTABLE: frozenset[Basis] = frozenset({"consent", "contract"})
"""The legal bases under which data are portable (GDPR 20(1)(a))."""


@dataclass(frozen=True, slots=True)
class Use:
    """A purpose of a category. `bases` are codes, `grounds` the same in words; empty if the policy names none."""

    purpose: str
    says: str
    bases: tuple[Basis, ...]
    grounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A recipient of a category. `safeguard` protects data outside the EEA, or says that none is stated."""

    recipient: str
    names: str
    role: str
    says: str
    country: str
    where: str
    safeguard: str


@dataclass(frozen=True, slots=True)
class StoragePeriod:
    """A storage period: in words and in ISO 8601; `says` is the text of the promise.

    `ground` is the law or recommendation behind it, empty if the company chose it.
    """

    promise: str
    limit: Literal["max", "min", "said"]
    periods: tuple[str, ...]
    trigger: str
    in_words: str
    says: str
    ground: str


@dataclass(frozen=True, slots=True)
class CategoryStatement:
    """The policy's statement about one category. `given` are forms, `sources` are other sources."""

    name: str
    says: str
    fields: tuple[str, ...]
    given: tuple[str, ...]
    sources: tuple[str, ...]
    uses: tuple[Use, ...]
    receivers: tuple[Receiver, ...]
    stays: tuple[StoragePeriod, ...]
    elsewhere: bool

    @property
    def portable(self) -> bool:
        """Return whether the data are portable (GDPR 20(1)): provided by persons, under consent or contract."""
        return bool(self.given) and any(PORTABLE & set(use.bases) for use in self.uses)


@dataclass(frozen=True, slots=True)
class Statement:
    """The statement of a policy in one language on one day.

    `drawn` caches the rendered HTML of categories.
    """

    policy: Policy
    language: str
    categories: dict[str, CategoryStatement]
    authority: Authority | None
    drawn: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def words(self) -> Catalogue:
        """The sentences of copies."""
        return catalogue("package", self.language)

    @property
    def contact(self) -> str:
        """The contact: an e-mail address, a form or a postal address."""
        parties = (self.policy.dpo, self.policy.controller)
        return next((w for p in parties if p for w in (p.email, p.form, p.postal) if w), "")

    def of(self, category: str) -> CategoryStatement:
        """The statement about a category; an empty one if the policy does not know it."""
        return self.categories.get(category) or CategoryStatement(
            category, category, (), (), (), (), (), (), False
        )

    def automated(self) -> list[str]:
        """Sentences about automated decisions and profiling (GDPR 22)."""
        say, automation = self.words.say, self.policy.automation
        decisions = automation.decisions if automation else None
        if decisions is None:
            sentences = [say("automated.unsaid")]
        elif not decisions.taken:
            sentences = [say("automated.none")]
        else:
            explanations = (w.say(self.language) for w in (decisions.logic, decisions.consequences) if w)
            sentences = [say("automated.taken"), *explanations]
        profiling = automation.profiling if automation else []
        return sentences + [say("automated.profiling", says=p.says.say(self.language)) for p in profiling]


def make_statement(policy: Policy, language: str, on: date) -> Statement:
    """Build the statement of a policy; the facts of law are looked up for `on`."""
    writer = _StatementWriter(policy, language, on)
    categories = {
        name: writer.category_statement(name, category) for name, category in policy.categories.items()
    }
    return Statement(policy, language, categories, competent(policy, on))


@dataclass(frozen=True, slots=True)
class _StatementWriter:
    """Renders the parts of a policy in words."""

    policy: Policy
    language: str
    on: date

    @property
    def words(self) -> Catalogue:
        return catalogue("package", self.language)

    def category_statement(self, name: str, category: Category) -> CategoryStatement:
        collection = self.policy.collection
        forms = collection.forms.values() if collection else ()
        sources = collection.sources.values() if collection else ()
        return CategoryStatement(
            name,
            category.says.say(self.language),
            tuple(category.fields),
            tuple(f.says.say(self.language) for f in forms if name in f.data),
            tuple(
                ", ".join([s.says.say(self.language), *s.names])
                for s in sources
                if name in s.data or not s.data
            ),
            tuple(self._use(n, p) for n, p in self.policy.purposes.items() if name in p.data),
            tuple(
                self._receiver(n, r)
                for n, r in self.policy.recipients.items()
                if not r.data or name in r.data
            ),
            tuple(self._stays(name)),
            category.role == "processor",
        )

    def _use(self, name: str, purpose: Purpose) -> Use:
        bases = purpose.bases
        grounds = []
        for basis in bases:
            ground = self.words.say(f"basis.{basis}")
            if basis == "legitimate_interest" and purpose.interest:
                ground += self.words.say("detail", what=purpose.interest.say(self.language))
            if basis == "legal_obligation" and purpose.laws:
                ground += self.words.say("detail", what=", ".join(map(self._law, purpose.laws)))
            grounds.append(ground)
        return Use(name, purpose.says.say(self.language), tuple(bases), tuple(grounds))

    # -- recipients ------------------------------------------------------------------------

    def _receiver(self, name: str, recipient: Recipient) -> Receiver:
        trade_names = ", ".join(recipient.called)
        entity = recipient.entity or ""
        names = (
            f"{trade_names} ({entity})"
            if trade_names and entity and entity != trade_names
            else trade_names or entity
        )
        if not names and recipient.outside:
            names = self.words.say("receiver.unnamed")
        where = self._country(recipient.country) if recipient.country else ""
        if not where and recipient.outside:
            where = self.words.say("receiver.nowhere")
        if recipient.group and recipient.group != recipient.country:
            where += self.words.say("receiver.group", country=self._country(recipient.group))
        role, description = self.words.say(f"receiver.{recipient.kind}"), recipient.says.say(self.language)
        country = recipient.country or ""
        return Receiver(name, names, role, description, country, where, self._safeguard(name, recipient))

    def _safeguard(self, name: str, recipient: Recipient) -> str:
        places = [
            c for c in (recipient.country, recipient.group) if c and not at_home(self.policy, c, self.on)
        ]
        if not places:
            return ""
        transfer = transfer_to(self.policy, name, recipient)
        if transfer is not None and transfer.tool:
            tool = self.words.say(f"tool.{transfer.tool}")
            copy = self.words.say("tool.copy", where=transfer.copy_at) if transfer.copy_at else ""
            return self.words.say("safeguard.stated", tool=tool) + copy
        decision = adequacy(places[0], self.on)
        if decision is not None and not decision.needs:
            only = self.words.say("detail", what=decision.only) if decision.only else ""
            return self.words.say("safeguard.adequacy", source=decision.source) + only
        return self.words.say("safeguard.unsaid")

    def _country(self, code: str) -> str:
        names = catalogue("countries", self.language)
        return names.say(code) if names.knows(code) else code

    # -- periods ---------------------------------------------------------------------------

    def _stays(self, category: str) -> Iterator[StoragePeriod]:
        """Yield the enforced periods of a category, minima first; without any, the stated ones."""
        enforced = [
            (promise, retention)
            for promise, retention in self.policy.retentions()
            if category in retention.data
        ]
        for promise, retention in sorted(enforced, key=lambda pair: pair[1].limit == "max"):
            yield self._enforced(promise, retention)
        if enforced:
            return
        for statement in self.policy.statements():
            if statement.stated.covers(category) and statement.stated.endures:
                span = statement.stated.period
                words = span.in_words(self.language) if span else ""
                periods = (str(span),) if span else ()
                text = statement.promise.says.say(self.language)
                yield StoragePeriod(statement.promise.id, "said", periods, "", words, text, "")

    def _enforced(self, promise: Promise, retention: Retention) -> StoragePeriod:
        words = self._lasting(retention)
        ground = retention.ground
        reason = self._law(ground.law or ground.recommendation or "")
        because = retention.because.say(self.language) if retention.because else ""
        return StoragePeriod(
            promise.id,
            retention.limit,
            tuple(map(str, retention.periods)),
            retention.trigger,
            words[:1].upper() + words[1:],
            because or promise.says.say(self.language),
            reason,
        )

    def _lasting(self, retention: Retention) -> str:
        """The period, its trigger and its end: “3 ans après la clôture du compte ; ensuite supprimées”."""
        say = self.words.say
        since = "fiscal_year_end" if retention.end_of == "fiscal_year" else retention.trigger
        after = " " + say(f"since.{since}") if self.words.knows(f"since.{since}") else ""
        archived = retention.archive.in_words(self.language) if retention.archive is not None else ""
        if not any(retention.active.in_days()):
            if not archived:
                return say(f"stay.atonce.{retention.end}") + after
            words = say("stay.archived", period=archived) + after
        else:
            words = retention.active.in_words(self.language) + after
            words += say("stay.archive", period=archived) if archived else ""
        words = say("stay.min", period=words) if retention.limit == "min" else words
        return words + say(f"stay.{retention.end}")

    def _law(self, cited: str) -> str:
        """The citation of “FR/c-com/L123-22”; unchanged if the catalogue does not know the law."""
        country, _, rest = cited.partition("/")
        code, _, article = rest.partition("/")
        if code and len(country) in (2, 4) and self.words.knows(f"law.{code}"):
            return self.words.say(f"law.{code}", article=article).rstrip(" ,.")
        return self.words.say("law.deliberation", number=rest) if country == "CNIL" and rest else cited
