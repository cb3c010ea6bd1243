"""From a letter by reference to its words: the sentences are in the catalogues, the facts in the letter.

What a letter must say is fixed by its kind: a refusal, or an erasure that left something, ends with
the ways to complain (GDPR 12(4)); every answer names what was done, what is kept, why and until
when (12(3), 17(3), 19).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from servanda.documents.paper import Block, Heading, Link, Paper, Paragraph, Quote, Sender, Table
from servanda.errors import ServandaError
from servanda.law.facts import Authority, authority
from servanda.locale import Catalogue, catalogue, day_in_words
from servanda.policy.policy import Policy
from servanda.post.letter import Letter


@dataclass(frozen=True, slots=True)
class Writing:
    """A letter that is being written: its catalogue, its values in words, the company."""

    letter: Letter
    policy: Policy
    base: str
    on: date

    @property
    def words(self) -> Catalogue:
        """The sentences of its language."""
        return catalogue("letters", self.letter.language)

    def say(self, key: str, **more: str) -> str:
        """The sentence under a key of this kind, or of all kinds, with the letter's values."""
        own = f"{self.letter.kind}.{key}"
        found = own if self.words.knows(own) else key
        return self.words.say(found, **self.facts | more)

    def knows(self, key: str) -> bool:
        """Whether this kind has a sentence under a key."""
        return self.words.knows(f"{self.letter.kind}.{key}")

    @property
    def facts(self) -> dict[str, str]:
        """The letter's values as they stand in sentences: days in words, rights by their name."""
        found = {name: self._in_words(name, value) for name, value in self.letter.values.items()}
        if "right" in self.letter.values:
            found["name"] = found["right"]
            found["right"] = self.words.say(f"right.{self.letter.values['right']}")
        return found

    def day(self, iso: str) -> str:
        """A day in words."""
        return day_in_words(date.fromisoformat(iso), self.letter.language)

    def _in_words(self, name: str, value: Any) -> str:
        return self.day(str(value)) if name in _DAYS and value else str(value)

    def value(self, name: str) -> Any:
        """One of the letter's values, None where it has none of that name."""
        return self.letter.values.get(name)


_DAYS = frozenset({"received", "due", "done", "erased", "ends", "backups", "earlier"})
"""The values that are days."""


def compose(letter: Letter, policy: Policy, base: str, on: date) -> Paper:
    """Write a letter. `base` is the address of the centre, without a slash at its end, for links.

    Raises ServandaError for a kind that nobody knows.
    """
    answers = letter.kind.startswith("answered-")
    body = _answered if answers else _BODIES.get(letter.kind, _plain)
    writing = Writing(letter, policy, base, on)
    if not writing.knows("1"):
        raise ServandaError(f"there is no letter of the kind “{letter.kind}”")
    blocks = [*body(writing), *_foot(writing)]
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


def _subject(writing: Writing) -> str:
    """The line above a letter: that nothing was done yet, that something stays, or that all was done."""
    parts = (("none", "subject.none"), ("kept", "subject.part"), ("held", "subject.held"))
    return next((key for value, key in parts if writing.value(value) and writing.knows(key)), "subject")


# -- bodies ---------------------------------------------------------------------------------


def _plain(writing: Writing) -> Iterator[Block]:
    """Numbered paragraphs, one after the other; a button after the first where the kind has one."""
    number = 1
    while writing.knows(str(number)):
        yield Paragraph(writing.say(str(number)))
        if number == 1:
            yield from _button(writing)
        number += 1


def _button(writing: Writing) -> Iterator[Block]:
    token = writing.value("token")
    if token and writing.knows("button"):
        page = "confirm" if writing.letter.kind == "identity-link" else "download"
        yield Link(writing.say("button"), f"{writing.base}/{page}/{token}")


def _asked(writing: Writing) -> Iterator[Block]:
    yield Paragraph(writing.say("1"))
    yield Quote(str(writing.value("doubt")))
    yield Paragraph(writing.say("2"))
    yield Quote(str(writing.value("wanted")))
    yield Paragraph(writing.say("3"))


def _reasoned(writing: Writing) -> Iterator[Block]:
    """A sentence, the reasons in the words of whoever decided, and what follows from them."""
    yield Paragraph(writing.say("1"))
    ground = writing.value("ground")
    if ground:
        yield Paragraph(writing.say(f"ground.{ground}"))
    yield Quote(str(writing.value("reasons")))
    if writing.knows("2"):
        yield Paragraph(writing.say("2"))


def _answered(writing: Writing) -> Iterator[Block]:
    none = writing.value("none") and writing.knows("1.none")
    yield Paragraph(writing.say("1.none" if none else "1"))
    if writing.value("earlier") and writing.knows("earlier"):
        yield Paragraph(writing.say("earlier"))
    yield from _button(writing)
    done: list[Mapping[str, Any]] = writing.value("lines") or []
    if done:
        head = tuple(writing.words.say(f"table.{name}") for name in ("data", "rows", "done"))
        rows = tuple(
            (str(line["data"]), str(line["rows"]), writing.words.say(f"done.{line['action']}"))
            for line in done
        )
        yield Table(writing.words.say("table.caption.done"), head, rows)
    kept: list[Mapping[str, Any]] = writing.value("kept") or []
    if kept:
        yield Heading(writing.say("kept"))
        yield Paragraph(writing.say("kept.1"))
        head = tuple(writing.words.say(f"table.{name}") for name in ("data", "why", "until"))
        yield Table(writing.say("kept"), head, tuple(_kept(writing, line) for line in kept))
    for name in ("held", "backups"):
        if writing.value(name):
            yield Paragraph(writing.say(name))
    if writing.knows("2"):
        yield Paragraph(writing.say("2"))


def _kept(writing: Writing, line: Mapping[str, Any]) -> tuple[str, str, str]:
    until = writing.day(line["until"]) if line.get("until") else writing.words.say("no-end")
    return str(line["data"]), str(line["why"]), until


_BODIES: dict[str, Callable[[Writing], Iterator[Block]]] = {
    "identity-asked": _asked,
    "extended": _reasoned,
    "refused": _reasoned,
    "restriction-lifting": _reasoned,
}


# -- what stands under a letter ---------------------------------------------------------------

_WITH_REMEDIES = frozenset({"refused", "extended", "unproved", "no-such-person"})


def _foot(writing: Writing) -> Iterator[Block]:
    remedies = writing.letter.kind in _WITH_REMEDIES or writing.value("kept") or writing.value("held")
    if remedies:
        yield Heading(writing.words.say("remedies.title"))
        found = _authority(writing.policy, writing.on)
        if found is not None:
            yield Paragraph(writing.words.say("remedies.authority", name=found.name, address=found.postal))
        yield Paragraph(writing.words.say("remedies.court"))
    contact = _sender(writing.policy).contact
    if contact:
        yield Paragraph(writing.words.say("reply", contact=contact))


def _authority(policy: Policy, on: date) -> Authority | None:
    word = policy.authority or policy.controller.country
    return authority(word, on) if word else None
