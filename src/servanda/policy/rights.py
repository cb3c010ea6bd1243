"""The rights that the text announces, each with the limits and conditions that it states.

    rights:
      access: {limits: [business_secrets], line: 55}
      objection: {against: [prospecting], stands: list, line: 57}

A right that is announced stands here, be it `{}`; one that is not there is not announced. A limit is
a fact of the text, lawful or not: whether it may be is the rules' business.

Law: GDPR 13(2)(b) to (d), 15 to 22 and 77; 7(3) withdrawal of consent; LIL 48 and 85 (France),
what happens to data after death.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Sentence, Words

AccessLimit = Literal[
    "business_secrets", "confidentiality", "correspondence", "elsewhere", "rights_of_others"
]
"""Where access ends according to the text; `elsewhere`, where it sends readers to another text for that."""

RectificationLimit = Literal["other", "some_fields", "some_persons", "substantial_changes"]
"""What is left as it is: fields beside those that the text names, changes that it calls small."""

ErasureLimit = Literal[
    "archives_and_statistics",
    "expression",
    "legal_claims",
    "legal_obligation",
    "other",
    "own_interest",
    "own_services",
    "public_health",
    "public_task",
    "running_contract",
]
"""What is not erased. `running_contract` is what a service needs that the person still has;
`own_services` what the company's services need, the person's or not; `own_interest` what the
company would rather keep."""

BY_LAW: frozenset[ErasureLimit] = frozenset(
    {
        *("archives_and_statistics", "expression", "legal_claims", "legal_obligation"),
        *("public_health", "public_task"),
    }
)
"""The exceptions of GDPR 17(3)(a) to (e)."""

Format = Literal[
    "csv",
    "html",
    "ics",
    "image",
    "json",
    "jsonld",
    "machine_readable",
    "ods",
    "paper",
    "pdf",
    "vcard",
    "xlsx",
    "xml",
]
"""In which form data are handed over; `machine_readable` where the text says so and names none."""

MACHINE_READABLE: frozenset[Format] = frozenset(
    {"csv", "ics", "json", "jsonld", "machine_readable", "ods", "vcard", "xlsx", "xml"}
)
"""Forms that software reads without losing anything (GDPR 20(1), recital 68; WP 242)."""


class Right(Sentence):
    """A right that the text announces.

    `cases` is the word by which the text keeps it to certain cases: those of the law, some that it
    does not name, a dispute. `self_service` is where people use the right by themselves.
    """

    cases: Literal["dispute", "law", "some"] | None = None
    self_service: str | None = None


class Access(Right):
    """Access to one's data, and a copy of them (GDPR 15)."""

    limits: list[AccessLimit] = Field(default_factory=list)


class Rectification(Right):
    """Correction of one's data (GDPR 16). `fields` are those that alone are corrected."""

    limits: list[RectificationLimit] = Field(default_factory=list)
    fields: list[str] = Field(default_factory=list)


class Erasure(Right):
    """Erasure of one's data (GDPR 17)."""

    limits: list[ErasureLimit] = Field(default_factory=list)


class Objection(Right):
    """Objection to a use of one's data (GDPR 21).

    `against` is what the text lets people object to: any use, a use that bears on their own
    `situation` (21(1)), prospecting (21(2)), profiling, research; empty where it does not say.
    `stands` is how the right is shown (21(4)): under a heading of its own, in a block that stands
    out, as an item of a list, in a sentence among others.
    """

    against: list[Literal["any", "profiling", "prospecting", "research", "situation"]] = Field(
        default_factory=list
    )
    stands: Literal["block", "heading", "list", "sentence"] = "sentence"

    @property
    def broad(self) -> bool:
        """Whether it reaches every use that rests on an interest or a public task (GDPR 21(1))."""
        return not self.against or bool({"any", "situation"} & set(self.against))


class Portability(Right):
    """Data to take along (GDPR 20). `formats` are those that the text names."""

    formats: list[Format] = Field(default_factory=list)


class GeneralWithdrawal(Sentence):
    """That consent can be taken back (GDPR 7(3), 13(2)(c)), said of all or of some purposes.

    By which channel a certain consent is taken back stands with that consent, under `consents`.
    """

    purposes: Annotated[list[str], PointsAt("purposes")] = Field(default_factory=list)


class Complaint(Sentence):
    """The right to complain to a supervisory authority (GDPR 13(2)(d), 77).

    `to` is the authority that the text names. `condition` is what it asks for beforehand: a request,
    an answer that came late or did not satisfy.
    """

    to: str | None = None
    condition: Literal["after_request", "no_answer", "other", "unsatisfactory_answer"] | None = None


class PrintedAuthority(Sentence):
    """A supervisory authority as the text names it, with what it prints of its address.

    `name` is its short name, such as CNIL. `announced` is what the text speaks of and leaves empty.
    """

    name: str
    named_for: list[Literal["complaints", "guidance", "information"]] = Field(default_factory=list)
    postal: str | None = None
    phone: str | None = None
    url: str | None = None
    announced: list[Literal["phone", "postal", "url"]] = Field(default_factory=list)


class AfterDeath(Sentence):
    """What happens to data after death (LIL 85, France).

    `by` are those who may give directives, or see them carried out; empty where the text speaks of
    no directives. `recorded_with` is where they are left, where that differs from other requests.
    `fate` is what becomes of the data of somebody who left none (LIL 85 III).
    """

    by: list[Literal["heir", "person", "trusted_person"]] = Field(default_factory=list)
    recorded_with: str | None = None
    fate: Words | None = None


class Rights(Strict):
    """Every right that the text announces."""

    access: Access | None = None
    rectification: Rectification | None = None
    erasure: Erasure | None = None
    restriction: Right | None = None
    objection: Objection | None = None
    portability: Portability | None = None
    withdrawal: GeneralWithdrawal | None = None
    complaint: Complaint | None = None
    authority: PrintedAuthority | None = None
    after_death: AfterDeath | None = None
