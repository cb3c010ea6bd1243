"""A waiver in the stores document: a finding that the company lives with, for a reason and until a day."""

from __future__ import annotations

from pydantic import Field

from servanda.policy.document import Strict
from servanda.policy.values import Date


class Waiver(Strict):
    """Findings of `rule` (a code or slug) at `where` and below it do not count until after `until`.

    `where` is a place or column (app.visits, app.accounts.phone) or a part of the policy
    (recipients.stripe); without it the waiver covers every finding of the rule. `because` is
    the reason, read by auditors; `owner` answers for it.
    """

    rule: str = Field(min_length=1)
    where: str | None = None
    because: str = Field(min_length=8)
    until: Date
    owner: str | None = None
