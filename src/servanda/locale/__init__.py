"""What Servanda says to people, in their language: catalogues of sentences.

A sentence has a key, such as `month.same-day`, and stands under it in one catalogue a
language, `locale/<language>/<domain>.po`. Code names keys and facts; words are here only.

The files are gettext's, so that translators can use their tools. They are read as text
and compiled in memory when a domain is first used: nothing has to be built before an
installation, and nothing compiled can be older than its source.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files

from servanda.errors import ServandaError
from servanda.locale.po import compile_po

LANGUAGES = ("en", "fr")


class NoCatalogue(ServandaError):
    """A language in which Servanda cannot speak."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one domain in one language."""

    language: str
    _sentences: gettext.GNUTranslations = field(repr=False, compare=False)

    def knows(self, key: str) -> bool:
        """Whether there is a sentence under this key."""
        return self._sentences.gettext(key) != key

    def say(self, key: str, **facts: object) -> str:
        """Return the sentence under `key` with its facts filled in. Raises LookupError without one."""
        if not self.knows(key):
            raise LookupError(f"there is no sentence {key!r} in {self.language!r}")
        return self._sentences.gettext(key).format(**facts)


@lru_cache(maxsize=32)
def catalogue(domain: str, language: str) -> Catalogue:
    """Return the sentences of a domain, such as `law`. Raises NoCatalogue for an unknown language."""
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise NoCatalogue(f"there are no sentences in “{language}”", advice=f"known languages: {known}")
    file = files(__name__) / language / f"{domain}.po"
    compiled = compile_po(file.read_text(encoding="utf-8"), f"{language}/{domain}.po")
    return Catalogue(language, gettext.GNUTranslations(compiled))


def day_in_words(day: date, language: str, *, weekday: bool = False) -> str:
    """Return a day as people write it: "2 March 2026", or "lundi 2 mars 2026" with its weekday."""
    words = catalogue("days", language)
    number = words.say("first") if day.day == 1 else str(day.day)
    said = words.say("day", number=number, month=words.say(f"month.{day.month}"), year=day.year)
    return f"{words.say(f'weekday.{day.isoweekday()}')} {said}" if weekday else said
