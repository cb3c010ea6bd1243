"""The privacy policy as a typed document."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr

from servanda.errors import PolicyError, Problem
from servanda.policy import yamlfile
from servanda.policy.base import Strict, digest, load
from servanda.policy.categories import Category, Mention
from servanda.policy.collection import Automation, Collection
from servanda.policy.consents import Consent, Minors
from servanda.policy.edition import Changes, Version
from servanda.policy.messages import Message
from servanda.policy.parties import Audience, Business, Party, Processing, RoleClaim
from servanda.policy.pointers import Section, lost
from servanda.policy.promise import Promise, Retention
from servanda.policy.purposes import Anonymous, Obligation, OnlyFor, Purpose
from servanda.policy.recipients import Recipient, Transfer
from servanda.policy.requests import Requests
from servanda.policy.rights import Rights
from servanda.policy.security import Backups, Breaches, Measure
from servanda.policy.stated import Stated
from servanda.policy.trackers import Trackers
from servanda.policy.values import Language, Words
from servanda.policy.wording import Claim, Wording
from servanda.policy.yamlfile import Source


def zone_name(value: str) -> str:
    """Validate the name of a time zone. Raises ValueError with an example."""
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError(f"there is no time zone “{value}” | such as Europe/Paris") from None
    return value


Zone = Annotated[str, AfterValidator(zone_name)]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement on a period: its promise, and its path in the file."""

    promise: Promise
    stated: Stated
    path: tuple[str | int, ...]


class Policy(Strict):
    """One version of a privacy policy. Its `digest` is that of its meaning, not of its layout."""

    servanda: Literal[1]
    title: Words
    controller: Party
    dpo: Party | None = None
    authority: str | None = None
    jurisdictions: list[str] = Field(min_length=1)
    languages: list[Language] = Field(min_length=1)
    version: Version
    timezone: Zone
    fiscal_year_end: str = Field(default="12-31", pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")
    audiences: dict[str, Audience]
    categories: dict[str, Category]
    purposes: dict[str, Purpose] = Field(default_factory=dict)
    only_for: list[OnlyFor] = Field(default_factory=list)
    anonymous: list[Anonymous] = Field(default_factory=list)
    obligations: list[Obligation] = Field(default_factory=list)
    collection: Collection | None = None
    automation: Automation | None = None
    consents: dict[str, Consent] = Field(default_factory=dict)
    trackers: Trackers | None = None
    messages: dict[str, Message] = Field(default_factory=dict)
    minors: Minors | None = None
    recipients: dict[str, Recipient] = Field(default_factory=dict)
    roles: list[RoleClaim] = Field(default_factory=list)
    rights: Rights = Field(default_factory=Rights)
    requests: Requests = Field(default_factory=Requests)
    changes: Changes = Field(default_factory=Changes)
    transfers: list[Transfer] = Field(default_factory=list)
    mentions: dict[str, Mention] = Field(default_factory=dict)
    claims: list[Claim] = Field(default_factory=list)
    security: list[Measure] = Field(default_factory=list)
    backups: Backups | None = None
    breaches: Breaches | None = None
    processing: Processing | None = None
    business: Business = Field(default_factory=Business)
    text: Wording | None = None
    promises: list[Promise] = Field(min_length=1)

    _source: Source = PrivateAttr(default_factory=lambda: Source("policy.yaml", ""))

    @property
    def source(self) -> Source:
        """The file that this policy was read from."""
        return self._source

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the policy's canonical text."""
        return digest(self)

    def promise(self, word: str) -> Promise | None:
        """The promise with this id or name, or None."""
        folded = word.casefold()
        return next((p for p in self.promises if folded in (p.id.casefold(), p.name.casefold())), None)

    def retentions(self) -> list[tuple[Promise, Retention]]:
        """All retentions with their promises, in the order of the document."""
        return [(p, r) for p in self.promises if p.keep == "enforce" for r in p.retentions]

    def statements(self) -> list[Statement]:
        """All statements on periods, in the order of the document."""
        statements = []
        for i, promise in enumerate(self.promises):
            for j, stated in enumerate(promise.statements):
                path = ("stated", j) if promise.stated else ("published",)
                statements.append(Statement(promise, stated, ("promises", i, *path)))
        return statements

    def at(self, promise: Promise, *keys: str | int) -> Any:
        """The spot of a promise, or of a part of it, in the file."""
        return self._source.spot(("promises", self.promises.index(promise), *keys))


def load_policy(path: Path, name: str = "") -> Policy:
    """Load a policy. Raises PolicyError with all problems, each with line and column."""
    source = yamlfile.read(path, name)
    policy = load(Policy, source)
    policy._source = source
    problems = [*_references(policy), *_pointers(policy)]
    if problems:
        raise PolicyError(problems)
    return policy


def _references(policy: Policy) -> list[Problem]:
    """The problems with references: dangling names, and duplicate names."""
    problems: list[Problem] = []
    first_uses: dict[str, int] = {}
    for i, promise in enumerate(policy.promises):
        for word in {promise.id.casefold(), promise.name.casefold()}:
            if word in first_uses:
                at = policy.source.spot(("promises", i, "id"))
                message = f"“{word}” already names the promise on line {_line(policy, first_uses[word])}"
                problems.append(Problem(at, message))
            first_uses[word] = i
        for j, item in enumerate(promise.enforced):
            if isinstance(item, Retention):
                problems += _unknown(
                    policy, ("promises", i, "enforced", j, "data"), item.data, policy.categories
                )
    for name, category in policy.categories.items():
        problems += _unknown(policy, ("categories", name, "audience"), category.audience, policy.audiences)
    return problems


def _pointers(policy: Policy) -> Iterator[Problem]:
    """The problems with keys marked by `PointsAt`."""
    names_by_section: dict[Section, list[str]] = {
        "audiences": list(policy.audiences),
        "categories": list(policy.categories),
        "purposes": list(policy.purposes),
        "consents": list(policy.consents),
        "recipients": list(policy.recipients),
        "promises": [promise.id for promise in policy.promises],
    }
    for name in lost(policy, names_by_section):
        yield Problem(policy.source.spot(name.path), name.message, name.advice)


def _line(policy: Policy, promise: int) -> int:
    return policy.source.spot(("promises", promise)).line


def _unknown(
    policy: Policy, path: tuple[str | int, ...], names: list[str], section: dict[str, Any]
) -> list[Problem]:
    import difflib

    problems = []
    for i, name in enumerate(names):
        if name not in section:
            near = difflib.get_close_matches(name, list(section), n=1)
            advice = f"did you mean “{near[0]}”?" if near else f"known: {', '.join(section) or 'none'}"
            kind = "an audience" if section is policy.audiences else "a category"
            problems.append(
                Problem(policy.source.spot((*path, i)), f"“{name}” is not {kind} of this policy", advice)
            )
    return problems
