"""What is done with data on behalf of customers, who decide about them.

Law: GDPR 28(3) what the contract with the customer settles; 30(2) the processor's own register.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.document import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Line

Item = Literal["instructions", "confidentiality", "sub_processors", "rights", "end_of_contract", "register"]
"""What customers are told about their data: that they are processed on their instructions alone
(28(3)(a)), in confidence (b), by which further processors (d), with help for the rights of
persons (e), until when (g), and under which register (30(2))."""


class Processing(Strict):
    """Data that are hosted or processed for customers, and what the text says of it.

    `role` is the one that the text claims: `processor`, none (`unsaid`), or it says that it is not one
    (`denied`). `states` are the items that the text or the contract that it names settles.
    """

    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)
    role: Literal["processor", "unsaid", "denied"]
    states: list[Item] = Field(default_factory=list)
    line: Line | None = None
