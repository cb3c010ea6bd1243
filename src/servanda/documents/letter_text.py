"""Composes a letter into a paper: sentences come from the catalogues, values from the letter.

The kind of a letter fixes its content: a refusal, or an erasure that kept something, ends with the
remedies (GDPR 12(4)); every answer lists what was done, what is kept, why and until when (12(3),
17(3), 19).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from servanda.documents.packing.statement import make_statement
from servanda.documents.paper import Block, Heading, Link, Paper, Paragraph, Quote, Sender, Table
from servanda.errors import ServandaError
from servanda.law.authority import where_listed
from servanda.locale import Catalogue, catalogue, day_in_words
from servanda.policy.authority import competent, named
from servanda.policy.policy import Policy
from servanda.post.outbox import Letter


@dataclass(frozen=True, slots=True)
class LetterWriter:
    """Composes one letter: its catalogue, its values in words, the policy."""

    letter: Letter
    policy: Policy
    base: str
    on: date

    @property
    def words(self) -> Catalogue:
        """The sentences of its language."""
        return catalogue("letters", self.letter.language)

    def say(self, key: str, **extra: str) -> str:
        """The sentence `<kind>.<key>`, or `<key>`, with the letter's values filled in."""
        specific = f"{self.letter.kind}.{key}"
        resolved = specific if self.words.knows(specific) else key
        return self.words.say(resolved, **self.facts | extra)

    def knows(self, key: str) -> bool:
        """Return whether this kind has a sentence with this key."""
        return self.words.knows(f"{self.letter.kind}.{key}")

    @property
    def facts(self) -> dict[str, str]:
        """The letter's values for sentences: dates in words, rights by their name."""
        facts = {name: self._in_words(name, value) for name, value in self.letter.values.items()}
        if "right" in self.letter.values:
            facts["name"] = facts["right"]
            facts["right"] = self.words.say(f"right.{self.letter.values['right']}")
        return facts

    def day(self, iso: str) -> str:
        """An ISO 8601 date in words."""
        return day_in_words(date.fromisoformat(iso), self.letter.language)

    def _in_words(self, name: str, value: Any) -> str:
        return self.day(str(value)) if name in _DAYS and value else str(value)

    def value(self, name: str) -> Any:
        """One of the letter's values, or None."""
        return self.letter.values.get(name)


_DAYS = frozenset({"received", "due", "done", "erased", "ends", "backups", "earlier"})
"""The names of values that are dates."""


def compose(letter: Letter, policy: Policy, base: str, on: date) -> Paper:
    """Compose a letter, dated `on`. `base` is the URL of the centre without a trailing slash.

    Raises ServandaError for an unknown kind.
    """
    answers = letter.kind.startswith("answered-")
    body = _answered if answers else _BODIES.get(letter.kind, _plain)
    writing = LetterWriter(letter, policy, base, on)
    if not writing.knows("1"):
        raise ServandaError(f"there is no letter of kind “{letter.kind}”")
    blocks = [*body(writing), *_closing_blocks(writing)]
    return Paper(
        language=letter.language,
        sender=_sender(policy),
        to=letter.to if isinstance(letter.to, str) else "",
        subject=writing.say(_subject(writing)),
        dated=writing.words.say("dated", day=day_in_words(on, letter.language)),
        reference=writing.say("reference") if letter.request is not None else "",
        blocks=(Paragraph(writing.words.say("greeting")), *blocks),
        closing=writing.words.say("closing"),
    )


def _sender(policy: Policy) -> Sender:
    contact = next((p.email for p in (policy.dpo, policy.controller) if p is not None and p.email), "")
    return Sender(policy.controller.name, policy.controller.postal or "", contact or "")


def _subject(writing: LetterWriter) -> str:
    """The key of the subject: nothing done yet, done in part, held, or done."""
    parts = (("none", "subject.none"), ("kept", "subject.part"), ("held", "subject.held"))
    return next((key for value, key in parts if writing.value(value) and writing.knows(key)), "subject")


# -- bodies ---------------------------------------------------------------------------------


def _plain(writing: LetterWriter) -> Iterator[Block]:
    """Numbered paragraphs; after the first, the button of the kind, if any."""
    number = 1
    while writing.knows(str(number)):
        yield Paragraph(writing.say(str(number)))
        if number == 1:
            yield from _button(writing)
        number += 1


def _button(writing: LetterWriter) -> Iterator[Block]:
    token = writing.value("token")
    if token and writing.knows("button"):
        page = "confirm" if writing.letter.kind == "identity-link" else "download"
        yield Link(writing.say("button"), f"{writing.base}/{page}/{token}")


def _asked(writing: LetterWriter) -> Iterator[Block]:
    yield Paragraph(writing.say("1"))
    yield Quote(str(writing.value("doubt")))
    yield Paragraph(writing.say("2"))
    yield Quote(str(writing.value("wanted")))
    yield Paragraph(writing.say("3"))


def _reasoned(writing: LetterWriter) -> Iterator[Block]:
    """A sentence, the ground, the reasons as written by the operator, and the consequences."""
    yield Paragraph(writing.say("1"))
    ground = writing.value("ground")
    if ground:
        yield Paragraph(writing.say(f"ground.{ground}"))
    yield Quote(str(writing.value("reasons")))
    if writing.knows("2"):
        yield Paragraph(writing.say("2"))


def _answered(writing: LetterWriter) -> Iterator[Block]:
    yield Paragraph(writing.say(_first(writing)))
    if writing.value("earlier") and writing.knows("earlier"):
        yield Paragraph(writing.say("earlier"))
    yield from _button(writing)
    actions: list[Mapping[str, Any]] = writing.value("lines") or []
    if actions:
        head = tuple(writing.words.say(f"table.{name}") for name in ("data", "rows", "done"))
        rows = tuple(
            (str(line["data"]), str(line["rows"]), writing.words.say(f"done.{line['action']}"))
            for line in actions
        )
        yield Table(writing.words.say("table.caption.done"), head, rows)
    kept_lines: list[Mapping[str, Any]] = writing.value("kept") or []
    if kept_lines:
        yield Heading(writing.say("kept"))
        yield Paragraph(writing.say("kept.1"))
        head = tuple(writing.words.say(f"table.{name}") for name in ("data", "why", "until"))
        yield Table(writing.say("kept"), head, tuple(_kept(writing, line) for line in kept_lines))
    for name in ("held", "backups"):
        if writing.value(name):
            yield Paragraph(writing.say(name))
    if writing.knows("2"):
        yield Paragraph(writing.say("2"))


def _first(writing: LetterWriter) -> str:
    """The key of the first sentence: nothing was done; the policy states less than the answer owes; or all is well."""
    if writing.value("none") and writing.knows("1.none"):
        return "1.none"
    if not writing.knows("1.part"):
        return "1"
    statement = make_statement(writing.policy, writing.letter.language, writing.on)
    stated = all(
        one.uses and (one.given or one.sources) and one.receivers and one.stays
        for one in statement.categories.values()
        if not one.elsewhere
    )
    return "1" if stated else "1.part"


def _identity(writing: LetterWriter) -> Iterator[Block]:
    """The link of proof, and where the answer goes if that is another address."""
    yield Paragraph(writing.say("1"))
    if writing.value("contact"):
        yield Paragraph(writing.say("elsewhere"))
    yield from _button(writing)
    yield Paragraph(writing.say("2"))


def _kept(writing: LetterWriter, line: Mapping[str, Any]) -> tuple[str, str, str]:
    until = writing.day(line["until"]) if line.get("until") else writing.words.say("no-end")
    return str(line["data"]), str(line["why"]), until


_BODIES: dict[str, Callable[[LetterWriter], Iterator[Block]]] = {
    "identity-link": _identity,
    "identity-asked": _asked,
    "extended": _reasoned,
    "refused": _reasoned,
    "restriction-lifting": _reasoned,
}


# -- closing blocks ---------------------------------------------------------------------------

_WITH_REMEDIES = frozenset({"refused", "extended", "unproved", "no-such-person"})


def _closing_blocks(writing: LetterWriter) -> Iterator[Block]:
    if writing.value("undecided"):
        yield Paragraph(writing.words.say("undecided"))
    remedies = writing.letter.kind in _WITH_REMEDIES or writing.value("kept") or writing.value("held")
    if remedies:
        yield Heading(writing.words.say("remedies.title"))
        yield Paragraph(_complaint(writing))
        yield Paragraph(writing.words.say("remedies.court"))
    contact = _sender(writing.policy).contact
    if contact:
        yield Paragraph(writing.words.say("reply", contact=contact))


def _complaint(writing: LetterWriter) -> str:
    """That one may complain to an authority: by name and address, by name, or how it is found (GDPR 12(4), 77)."""
    entry = competent(writing.policy, writing.on)
    if entry is not None:
        return writing.words.say("remedies.authority", name=entry.name, address=entry.postal)
    where = where_listed(writing.policy.controller.country)
    name = named(writing.policy)
    if name:
        return writing.words.say("remedies.authority.named", name=name, where=where)
    return writing.words.say("remedies.authority.any", where=where)
