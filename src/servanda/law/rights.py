"""The rights of a person: one table, from which every other list of rights derives.

    name · article · order on a page · words people use for it · the key of `rights:` in policy.yaml
    · the kinds of promise that are about it · whether it needs nobody by default

`rights/each/` has one file for each of them, with how it is planned and carried out. A right that
is not in this table brings its own row in its file: `register(Right(LegalRight("review", …), plan, act))`.

Law: GDPR 7(3), 12 to 22 and 28(3)(g); LIL 85 (France).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegalRight:
    """What the law and people's language say of a right; how it is carried out stands in its own file.

    `article` is where it stands, `order` its place on a page. `aliases` are names that people type for it,
    `mail_words` a regular expression that finds it in a message (in small letters, without accents);
    `vague` words stand in requests for other rights, too, so that any other right that is found counts more.
    `policy_key` is its key under `rights:` in policy.yaml, its name by default. `promise_kinds` are the
    sub-kinds of promises on rights that are about it. What is not `listed` is nothing that persons choose
    on a form. `by_itself`: it is carried out without anybody, where the company does not say otherwise.
    `country`: the one whose law gives it, empty where the law of the Union does. `flag`: a column of the
    application can say that it is in force. `announced`: every policy has to name it (GDPR 13(2)(b)).
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
"""Every right by its name, those of the law first; rights that a file brings itself come with `declare`."""

UNSORTED = "unsorted"
"""A request whose words name no right: recorded and answered in time, once somebody has sorted it."""


def declare(row: LegalRight) -> LegalRight:
    """Add the row of a right that the table does not have. Raises ValueError where another one has its name."""
    if RIGHTS.setdefault(row.name, row) != row:
        raise ValueError(f"there is another right called {row.name}")
    return row


def in_order(rows: Iterable[LegalRight] | None = None) -> list[LegalRight]:
    """Rights as a page lists them."""
    return sorted(RIGHTS.values() if rows is None else rows, key=lambda row: row.order)


def names(
    *, listed: bool | None = None, flag: bool | None = None, by_itself: bool | None = None
) -> list[str]:
    """The names of the rights that are, or are not, listed, have a flag, or need nobody; in their order."""
    return [
        row.name
        for row in in_order()
        if listed in (None, row.listed) and flag in (None, row.flag) and by_itself in (None, row.by_itself)
    ]


def policy_keys() -> list[str]:
    """The keys under `rights:` in policy.yaml by which a policy speaks of rights, by name."""
    return sorted(row.key for row in RIGHTS.values() if row.listed)


def promised(kind: str) -> tuple[str, ...]:
    """The rights that promises of a sub-kind, such as `erase-limit`, are about; empty: no single one."""
    return tuple(row.name for row in in_order() if kind in row.promise_kinds)


def named_in(text: str) -> Iterator[LegalRight]:
    """The rights that a text, in small letters and without accents, may ask for."""
    import re

    return (row for row in in_order() if row.mail_words and re.search(row.mail_words, text))
