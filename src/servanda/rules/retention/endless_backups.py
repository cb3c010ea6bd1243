"""The text speaks of backups and does not say when they expire.

What was deleted lives on in backups until they expire, and comes back when one is restored (GDPR
5(1)(e), 17). People must be able to tell how long that is: a period in the text; a document
somewhere else is not one. After a restore, what was erased is erased again. Where the text is
silent, the company’s records have to say it.

Bad:

    --- policy.yaml
    backups: {encrypted: true, replays_erasures: true, line: 40}

Good:

    --- policy.yaml
    backups: {encrypted: true, expire_after: P90D, replays_erasures: true, line: 40}

Give backups a period and say it. `servanda` writes into the evidence until when a backed-up key could
still open an archive; see [recover](../../how-to/recover.md) for what to do after a restore.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, needs, rule, weak
from servanda.rules.engine.view import View


@rule("SV119", law="GDPR 5(1)(e), 17", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Check the period of backups, and the replay of erasures after a restore."""
    backups = view.policy.backups
    if backups is None:
        yield needs(
            "whether there are backups, when they expire, and whether erasures are done again after a restore"
        )
        return
    if backups.expire_after is None:
        where = f": it refers to {backups.expiry_in}" if backups.expiry_in else ""
        message = f"the text speaks of backups and does not say when they expire{where}"
        yield weak(view.key_spot("backups"), message, "expire_after: P90D")
    if backups.replays_erasures is False:
        message = "what was erased comes back when a backup is restored, and is not erased again"
        yield fails(view.value_spot("backups", "replays_erasures"), message, "erase again after each restore")
    elif backups.replays_erasures is None:
        yield needs("whether erasures are done again after a backup is restored")
