"""Translations: catalogues of sentences by language and domain.

A sentence has a key, such as `month.same-day`, in `locale/<language>/<domain>.po`. Code refers to
keys and passes values; the texts are only in the catalogues.

The files have gettext's format. They are compiled in memory when a domain is first used, so there is
no build step.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files

from servanda.errors import ServandaError
from servanda.locale.po import compile_po, read_po

LANGUAGES = ("en", "fr")


class NoCatalogue(ServandaError):
    """There is no catalogue for this language."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one domain in one language."""

    language: str
    _sentences: gettext.GNUTranslations = field(repr=False, compare=False)

    def knows(self, key: str) -> bool:
        """Return whether the catalogue has this key."""
        return self._sentences.gettext(key) != key

    def say(self, key: str, **facts: object) -> str:
        """Return the sentence with this key and the given values. Raises LookupError for an unknown key."""
        if not self.knows(key):
            raise LookupError(f"there is no sentence {key!r} in {self.language!r}")
        return self._sentences.gettext(key).format(**facts)


@lru_cache(maxsize=32)
def catalogue(domain: str, language: str) -> Catalogue:
    """Return the catalogue of a domain, such as `law`, cached. Raises NoCatalogue for an unknown language."""
    if language not in LANGUAGES:
        languages = ", ".join(LANGUAGES)
        raise NoCatalogue(f"there are no sentences in “{language}”", advice=f"known languages: {languages}")
    file = files(__name__) / language / f"{domain}.po"
    compiled = compile_po(file.read_text(encoding="utf-8"), f"{language}/{domain}.po")
    return Catalogue(language, gettext.GNUTranslations(compiled))


def sentences(domain: str, language: str) -> dict[str, str]:
    """Return every sentence of a domain by its key, with its placeholders. Raises NoCatalogue."""
    catalogue(domain, language)
    text = (files(__name__) / language / f"{domain}.po").read_text(encoding="utf-8")
    return {key: sentence for key, sentence in read_po(text, f"{language}/{domain}.po").items() if key}


def day_in_words(day: date, language: str, *, weekday: bool = False) -> str:
    """Return a date in words: "2 March 2026", or "lundi 2 mars 2026" with its weekday."""
    words = catalogue("days", language)
    number = words.say("first") if day.day == 1 else str(day.day)
    text = words.say("day", number=number, month=words.say(f"month.{day.month}"), year=day.year)
    return f"{words.say(f'weekday.{day.isoweekday()}')} {text}" if weekday else text
