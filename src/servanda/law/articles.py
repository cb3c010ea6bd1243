"""The topics of the articles that privacy policies cite, by date.

    topics("GDPR", "32(1)", day)     {"security"}
    topics("LIL", "", day)           what the French act itself still says, since the GDPR says the rest

A citation of an article with another topic misleads the reader. Topics are words of this table; laws
that are not in the table are not judged.

Sources: Regulation (EU) 2016/679 (applies since 2018-05-25, art. 99(2)); loi 78-17 as consolidated by
ordonnance 2018-1125 (in force 2019-06-01); code de commerce; code civil; code de la consommation; CPCE.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_GDPR = "Regulation (EU) 2016/679"
_LIL = "loi 78-17 du 6 janvier 1978"
_APPLIES = date(2018, 5, 25)
_RECAST = date(2019, 6, 1)


@dataclass(frozen=True, slots=True)
class Article:
    """The topics of an article, or of a whole law if `number` is empty, with the dates of validity."""

    law: str
    number: str
    topics: frozenset[str]
    source: str
    valid_from: date
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether the row is valid on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


_TOPICS_OF_GDPR = """
1 subject-matter; 2 scope; 3 territory; 4 definitions; 5 principles; 6 lawfulness; 7 consent; 8 minors;
9 special-categories; 10 offences; 11 identification; 12 transparency answer; 13 information; 14 information;
15 access; 16 rectification; 17 erasure; 18 restriction; 19 notification; 20 portability; 21 objection;
22 automated-decisions; 23 restrictions; 24 responsibility; 25 by-design; 26 joint-controllers;
27 representative; 28 processor; 29 processor; 30 register; 31 cooperation; 32 security; 33 breach-notice;
34 breach-communication; 35 impact-assessment; 36 prior-consultation; 37 dpo; 38 dpo; 39 dpo;
40 codes-of-conduct; 41 codes-of-conduct; 42 certification; 43 certification; 44 transfers;
45 transfers adequacy; 46 transfers safeguards; 47 transfers binding-rules; 48 transfers;
49 transfers derogations; 50 cooperation; 51 authority; 52 authority; 53 authority; 54 authority; 55 authority;
56 authority; 57 authority; 58 authority; 59 authority; 60 cooperation; 61 cooperation; 62 cooperation;
63 consistency; 64 consistency; 65 consistency; 66 consistency; 67 consistency; 68 board; 69 board; 70 board;
71 board; 72 board; 73 board; 74 board; 75 board; 76 board; 77 complaint; 78 remedy; 79 remedy;
80 representation; 81 proceedings; 82 liability; 83 fines; 84 penalties; 85 expression; 86 official-documents;
87 national-number; 88 employment; 89 archives-research; 90 secrecy; 91 churches; 92 delegation; 93 committee;
94 repeal; 95 e-privacy; 96 agreements; 97 review; 98 review; 99 application
"""
_TOPICS_OF_LIL = """
8 authority; 30 national-number; 45 minors; 46 offences; 48 information directives; 49 access; 50 rectification;
51 erasure; 53 restriction; 55 portability; 56 objection; 82 trackers; 84 directives; 85 directives; 86 directives
"""
_WHOLE = "data-protection"
_BEFORE_GDPR = frozenset({"access", "rectification", "erasure", "objection", "information", "authority"})
_STILL = frozenset({"authority", "directives", "minors", "trackers", "national-number", "offences"})
WHOLLY_KNOWN = frozenset({"GDPR"})
"""Laws with all their articles in the table: any other number does not exist."""


def _listed(law: str, text: str, source: str, since: date) -> list[Article]:
    rows = (row.split() for row in text.replace("\n", " ").split(";"))
    return [Article(law, number, frozenset(topics), source, since) for number, *topics in rows]


ARTICLES: tuple[Article, ...] = (
    *_listed("GDPR", _TOPICS_OF_GDPR, _GDPR, _APPLIES),
    *_listed("LIL", _TOPICS_OF_LIL, _LIL + " (ordonnance 2018-1125)", _RECAST),
    Article("LIL", "", _BEFORE_GDPR, _LIL, date(1978, 1, 6), date(2018, 5, 24)),
    Article("LIL", "", _STILL, _LIL + ", art. 42 and 48 to 56: rights are those of the GDPR", _APPLIES),
    Article("C. com.", "L123-22", frozenset({"accounting"}), "code de commerce", date(1984, 1, 1)),
    Article("C. civ.", "2224", frozenset({"limitation"}), "loi 2008-561", date(2008, 6, 19)),
    Article("C. conso", "L213-1", frozenset({"consumer-contract"}), "ordonnance 2016-301", date(2016, 7, 1)),
    Article("C. conso", "L223-1", frozenset({"phone-marketing"}), "ordonnance 2016-301", date(2016, 7, 1)),
    Article("CPCE", "L34-1", frozenset({"connection-data"}), "loi 2004-669", date(2004, 7, 10)),
    Article("CPCE", "L34-5", frozenset({"marketing"}), "loi 2004-575", date(2004, 6, 22)),
    Article("LCEN", "6", frozenset({"hosting", "connection-data"}), "loi 2004-575", date(2004, 6, 22)),
    Article("LPF", "L102 B", frozenset({"tax"}), "livre des procédures fiscales", date(1982, 1, 1)),
)


def known(law: str) -> bool:
    """Return whether the table has rows for a law."""
    return any(article.law == law for article in ARTICLES)


def topics(law: str, article: str, day: date) -> frozenset[str] | None:
    """The topics of an article on a day, or None if the table lacks it.

    Paragraphs are ignored: 32(1) and “32 §1” are article 32. The topics of a whole law are
    “data-protection” and, without a row of its own, those of all its articles.
    """
    head = re.match(r"[A-Z]?\d+(?:-\d+)*(?: B)?", article)
    number = head[0] if head else article
    matches = [a.topics for a in ARTICLES if (a.law, a.number) == (law, number) and a.holds(day)]
    if number:
        return frozenset().union(*matches) if matches else None
    whole = matches or [a.topics for a in ARTICLES if a.law == law and a.holds(day)]
    return frozenset({_WHOLE}).union(*whole)
