"""Data are said to serve one purpose alone, and another purpose of the same text uses them.

Purposes must be specified and explicit, and data not used against them (GDPR 5(1)(b)): whoever read
“solely for the contract” was not told of the marketing that stands a few lines below.

Bad:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, visit, invoice]
      offers:
        says: {en: Send offers}
        basis: [consent]
        data: [account]
    only_for:
      - {data: account, purposes: service}

Good:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, visit, invoice]
      offers:
        says: {en: Send offers}
        basis: [consent]
        data: [account]
    only_for:
      - {data: account, purposes: [service, offers]}

Name every purpose in that sentence, or drop the word “only”.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.purposes import ALL
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV209", law="GDPR 5(1)(b)")
def check(view: View) -> Iterator[Finding]:
    """Find other purposes that use the data of each such promise."""
    for i, promise in enumerate(view.policy.only_for):
        contradicting = [
            name
            for name, purpose in view.policy.purposes.items()
            if name not in promise.purposes and (ALL in promise.data or set(purpose.data) & set(promise.data))
        ]
        if contradicting:
            data = "all data" if ALL in promise.data else ", ".join(promise.data)
            suffix = f" and {len(contradicting) - 3} more" if len(contradicting) > 3 else ""
            verb = "uses" if len(contradicting) == 1 else "use"
            names = f"{', '.join(contradicting[:3])}{suffix} {verb}"
            message = f"{data}: only for {_few(promise.purposes)}, the text says; {names} them too"
            yield fails(
                view.value_spot("only_for", i), message, "name every purpose, or drop the word “only”"
            )


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 3 else f"{len(names)} purposes"
