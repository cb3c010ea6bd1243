"""What the policy says of each category of data, in one language: why, from whom, for whom, until when.

Everything is the policy's; what it does not say is told as such, and never made up.

Law: GDPR 15(1)(a) to (h): purposes, categories, recipients by name (CJEU C-154/21), periods, rights, complaint,
source, automated decisions; 15(2) the safeguards of transfers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from servanda.law.facts import Authority, adequacy, authority, in_eea
from servanda.locale import Catalogue, catalogue
from servanda.policy.categories import Category
from servanda.policy.policy import Policy
from servanda.policy.promise import Promise, Retention
from servanda.policy.purposes import Basis, Purpose
from servanda.policy.recipients import Recipient
from servanda.policy.register import transfer_to

PORTABLE: frozenset[Basis] = frozenset({"consent", "contract"})
"""The bases under which data can be taken along (GDPR 20(1)(a))."""


@dataclass(frozen=True, slots=True)
class Use:
    """What data are used for. `bases` are codes, `grounds` the same in words, empty where the policy names none."""

    purpose: str
    says: str
    bases: tuple[Basis, ...]
    grounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who receives data. `safeguard` is what protects them outside the EEA, or that nothing is said of it."""

    recipient: str
    names: str
    role: str
    says: str
    country: str
    where: str
    safeguard: str


@dataclass(frozen=True, slots=True)
class Stay:
    """How long data stay: in words, and as ISO 8601; `says` are the promise's own words.

    `ground` is the law or recommendation behind it, empty where it is the company's choice.
    """

    promise: str
    limit: Literal["max", "min", "said"]
    periods: tuple[str, ...]
    trigger: str
    in_words: str
    says: str
    ground: str


@dataclass(frozen=True, slots=True)
class Told:
    """All that the policy says of one category. `given` are forms, `sources` others; both may be empty."""

    name: str
    says: str
    fields: tuple[str, ...]
    given: tuple[str, ...]
    sources: tuple[str, ...]
    uses: tuple[Use, ...]
    receivers: tuple[Receiver, ...]
    stays: tuple[Stay, ...]
    elsewhere: bool

    @property
    def portable(self) -> bool:
        """Whether persons can take these data along (GDPR 20(1)): given by them, under consent or contract."""
        return bool(self.given) and any(PORTABLE & set(use.bases) for use in self.uses)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a policy says, of each category and as a whole, in one language, on one day.

    `drawn` is what a page has made of categories, for the next copy.
    """

    policy: Policy
    language: str
    categories: dict[str, Told]
    authority: Authority | None
    drawn: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def words(self) -> Catalogue:
        """The sentences of copies."""
        return catalogue("package", self.language)

    @property
    def contact(self) -> str:
        """Where to write to."""
        parties = (self.policy.dpo, self.policy.controller)
        return next((w for p in parties if p for w in (p.email, p.form, p.postal) if w), "")

    def of(self, category: str) -> Told:
        """What is said of a category; of one that the policy does not know, nothing."""
        return self.categories.get(category) or Told(category, category, (), (), (), (), (), (), False)

    def automated(self) -> list[str]:
        """What is said of decisions by machines alone (GDPR 22), in sentences."""
        say, automation = self.words.say, self.policy.automation
        decisions = automation.decisions if automation else None
        if decisions is None:
            found = [say("automated.unsaid")]
        elif not decisions.taken:
            found = [say("automated.none")]
        else:
            told = (w.say(self.language) for w in (decisions.logic, decisions.consequences) if w)
            found = [say("automated.taken"), *told]
        profiling = automation.profiling if automation else []
        return found + [say("automated.profiling", says=p.says.say(self.language)) for p in profiling]


def state(policy: Policy, language: str, on: date) -> Statement:
    """What a policy says, as of a day on which the law is looked up."""
    writing = _Writing(policy, language, on)
    found = {name: writing.told(name, category) for name, category in policy.categories.items()}
    word = policy.authority or policy.controller.country or ""
    return Statement(policy, language, found, authority(word, on) if word else None)


@dataclass(frozen=True, slots=True)
class _Writing:
    """Puts what a policy says into words."""

    policy: Policy
    language: str
    on: date

    @property
    def words(self) -> Catalogue:
        return catalogue("package", self.language)

    def told(self, name: str, category: Category) -> Told:
        collection = self.policy.collection
        forms = collection.forms.values() if collection else ()
        sources = collection.sources.values() if collection else ()
        return Told(
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
        bases = dict.fromkeys([*purpose.basis, *(operation.basis for operation in purpose.operations)])
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
        called = ", ".join(recipient.called)
        entity = recipient.entity or ""
        names = f"{called} ({entity})" if called and entity and entity != called else called or entity
        if not names and recipient.outside:
            names = self.words.say("receiver.unnamed")
        where = self._country(recipient.country) if recipient.country else ""
        if not where and recipient.outside:
            where = self.words.say("receiver.nowhere")
        if recipient.group and recipient.group != recipient.country:
            where += self.words.say("receiver.group", country=self._country(recipient.group))
        role, says = self.words.say(f"receiver.{recipient.kind}"), recipient.says.say(self.language)
        country = recipient.country or ""
        return Receiver(name, names, role, says, country, where, self._safeguard(name, recipient))

    def _safeguard(self, name: str, recipient: Recipient) -> str:
        places = [c for c in (recipient.country, recipient.group) if c and not in_eea(c, self.on)]
        if not places:
            return ""
        stated = transfer_to(self.policy, name, recipient)
        if stated is not None and stated.tool:
            tool = self.words.say(f"tool.{stated.tool}")
            copy = self.words.say("tool.copy", where=stated.copy_at) if stated.copy_at else ""
            return self.words.say("safeguard.stated", tool=tool) + copy
        found = adequacy(places[0], self.on)
        if found is not None and not found.needs:
            only = self.words.say("detail", what=found.only) if found.only else ""
            return self.words.say("safeguard.adequacy", source=found.source) + only
        return self.words.say("safeguard.unsaid")

    def _country(self, code: str) -> str:
        names = catalogue("countries", self.language)
        return names.say(code) if names.knows(code) else code

    # -- periods ---------------------------------------------------------------------------

    def _stays(self, category: str) -> Iterator[Stay]:
        """What is enforced for a category, duties first; else what the text says."""
        enforced = [
            (promise, retention)
            for promise, retention in self.policy.retentions()
            if category in retention.data
        ]
        for promise, retention in sorted(enforced, key=lambda both: both[1].limit == "max"):
            yield self._enforced(promise, retention)
        if enforced:
            return
        for said in self.policy.statements():
            if said.stated.covers(category) and said.stated.endures:
                span = said.stated.period
                words = span.in_words(self.language) if span else ""
                periods = (str(span),) if span else ()
                own = said.promise.says.say(self.language)
                yield Stay(said.promise.id, "said", periods, "", words, own, "")

    def _enforced(self, promise: Promise, retention: Retention) -> Stay:
        words = self._lasting(retention)
        ground = retention.ground
        reason = self._law(ground.law or ground.recommendation or "")
        because = retention.because.say(self.language) if retention.because else ""
        return Stay(
            promise.id,
            retention.limit,
            tuple(map(str, retention.periods)),
            retention.trigger,
            words[:1].upper() + words[1:],
            because or promise.says.say(self.language),
            reason,
        )

    def _lasting(self, retention: Retention) -> str:
        """How long, after what, and what comes then: “3 ans après la clôture du compte ; ensuite supprimées”."""
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
        """“FR/c-com/L123-22” as that law is cited; what the catalogue does not know stays as it is."""
        country, _, rest = cited.partition("/")
        code, _, article = rest.partition("/")
        if code and len(country) in (2, 4) and self.words.knows(f"law.{code}"):
            return self.words.say(f"law.{code}", article=article).rstrip(" ,.")
        return self.words.say("law.deliberation", number=rest) if country == "CNIL" and rest else cited
