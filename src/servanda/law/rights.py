"""The rights of a person: one table, the source of every list of rights.

    name · article · order on a page · aliases and words in messages · key under `rights:` in policy.yaml
    · kinds of promises about it · whether it is automatic by default

`rights/each/` has one file per right that plans it and carries it out. A right that is not in this
table adds its row in its file: `register(Right(LegalRight("review", …), plan, act))`.

Law: GDPR 7(3), 12 to 22 and 28(3)(g); LIL 85 (France).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegalRight:
    """A row of the table of rights.

    `article` is its source, `order` its position on a page. `aliases` are alternative names, `mail_words` a
    regular expression for messages (lower case, without accents); with `vague`, any other right found in the
    same message takes precedence. `policy_key` is its key under `rights:` in policy.yaml, by default its name.
    `promise_kinds` are the sub-kinds of promises about it. A right that is not `listed` is not offered on
    forms. `by_itself`: it is carried out automatically by default. `country`: the country of a national right,
    empty for EU law. `flag`: a column of the application can mark it as in force. `announced`: every policy
    must name it (GDPR 13(2)(b)).
    """

    name: str
    article: str
    order: int
    aliases: tuple[str, ...] = ()
    mail_words: str = ""
    vague: bool = False
    policy_key: str = ""
    promise_kinds: tuple[str, ...] = ()
    listed: bool = True
    by_itself: bool = False
    flag: bool = False
    announced: bool = False
    country: str = ""

    @property
    def key(self) -> str:
        """Its key under `rights:` in policy.yaml."""
        return self.policy_key or self.name


_TABLE = (
    LegalRight(
        "access", "GDPR 15", 15, aliases=("accès", "acces", "copy"),
        mail_words=r"droit d.acces|acceder|copie de mes|mes donnees|access|copy of my|my data", vague=True,
        promise_kinds=("access",), by_itself=True, announced=True,
    ),
    LegalRight(
        "rectification", "GDPR 16", 16, aliases=("correction", "correct", "rectify"),
        mail_words=r"rectif|corrig|corrige|correct|inexact", promise_kinds=("rectify",), announced=True,
    ),
    LegalRight(
        "erasure", "GDPR 17", 17, aliases=("effacement", "delete", "erase", "suppression"),
        mail_words=r"effac|supprim|droit a l.oubli|eras|delet|remove my|forget",
        promise_kinds=("erase", "erase-limit"), announced=True,
    ),
    LegalRight(
        "restriction", "GDPR 18", 18, aliases=("limitation", "restrict"),
        mail_words=r"limitation|limiter|restrict", promise_kinds=("restrict",), flag=True, announced=True,
    ),
    LegalRight(
        "portability", "GDPR 20", 20, aliases=("portabilité", "portabilite", "export"), mail_words=r"portab",
        promise_kinds=("port",), by_itself=True, announced=True,
    ),
    LegalRight(
        "objection", "GDPR 21", 21, aliases=("opposition", "object", "unsubscribe"),
        mail_words=r"oppos|object|desinscri|desabonn|unsubscrib|demarch|prospect",
        promise_kinds=("object",), by_itself=True, flag=True, announced=True,
    ),
    LegalRight(
        "withdrawal", "GDPR 7(3)", 22, aliases=("retrait", "withdraw"),
        mail_words=r"retir\w* (mon )?consent|withdraw\w* (my )?consent", by_itself=True, flag=True,
    ),
    LegalRight(
        "offboarding", "GDPR 28(3)(g)", 28,
        aliases=("résiliation", "resiliation", "end-of-contract", "leave"), listed=False,
    ),
    LegalRight(
        "directives", "LIL 85", 85, aliases=("directive", "after-death", "décès"),
        mail_words=r"deces|apres ma mort|after my death|directives", policy_key="after_death", by_itself=True,
        country="FR",
    ),
    LegalRight("unsorted", "GDPR 12(2)", 99, listed=False),
)  # fmt: skip

RIGHTS: dict[str, LegalRight] = {row.name: row for row in _TABLE}
"""All rights by name; rights outside this table are added with `declare`."""

UNSORTED = "unsorted"
"""The right of a request whose words name none, until a person has sorted it."""


def declare(row: LegalRight) -> LegalRight:
    """Add a right to the table. Raises ValueError if another right has its name."""
    if RIGHTS.setdefault(row.name, row) != row:
        raise ValueError(f"there is another right called {row.name}")
    return row


def in_order(rows: Iterable[LegalRight] | None = None) -> list[LegalRight]:
    """All rights in the order of a page."""
    return sorted(RIGHTS.values() if rows is None else rows, key=lambda row: row.order)


def names(
    *, listed: bool | None = None, flag: bool | None = None, by_itself: bool | None = None
) -> list[str]:
    """The names of rights, filtered by `listed`, `flag` and `by_itself`, in order."""
    return [
        row.name
        for row in in_order()
        if listed in (None, row.listed) and flag in (None, row.flag) and by_itself in (None, row.by_itself)
    ]


def policy_keys() -> list[str]:
    """The keys under `rights:` in policy.yaml, by the name of the right."""
    return sorted(row.key for row in RIGHTS.values() if row.listed)


def promised(kind: str) -> tuple[str, ...]:
    """The rights of a sub-kind of promises, such as `erase-limit`; empty if it concerns no single right."""
    return tuple(row.name for row in in_order() if kind in row.promise_kinds)


def named_in(text: str) -> Iterator[LegalRight]:
    """The rights that a message (lower case, without accents) may ask for."""
    import re

    return (row for row in in_order() if row.mail_words and re.search(row.mail_words, text))
