"""A promise on the date of the text: the edition in force holds from the day that it prints."""

from __future__ import annotations

from datetime import date

from servanda.policy.checked import ByVersion
from servanda.policy.promise import Promise
from servanda.rules.compare.check import Seen, broken, check, checked
from servanda.rules.compare.looking import Comparison


@check(ByVersion)
def by_version(looking: Comparison, promise: Promise, said: ByVersion) -> Seen:
    """Compare the printed date with the day from which the edition holds."""
    del promise
    version = looking.policy.version
    if version.effective_from != said.version:
        return broken(
            f"edition {version.number} holds from {version.effective_from}, and the text prints {said.version}"
        )
    if date.fromisoformat(version.effective_from) > looking.view.today:
        return broken(f"edition {version.number} holds only from {version.effective_from}")
    return checked(f"edition {version.number} holds from {version.effective_from}")
