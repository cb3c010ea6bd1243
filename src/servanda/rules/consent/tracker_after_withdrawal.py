"""Trackers stay on the device, to the end of their life, after consent was taken back.

Taking consent back must have an effect (GDPR 7(3); LIL 82; Conseil d’État 494300): from then on a tracker is not
read any more, and those that the site has set itself are removed. Fines were given for trackers that went
on being read.

Bad:

    --- policy.yaml
    trackers:
      means: [tool]
      tool: {name: Klaro, refusing: same}
      after_withdrawal: until_expiry
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_pk_id]
          set_by: [Matomo]
          uses: [measurement]
          lifetime: P13M

Good:

    --- policy.yaml
    trackers:
      means: [tool]
      tool: {name: Klaro, refusing: same}
      after_withdrawal: removed
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_pk_id]
          set_by: [Matomo]
          uses: [measurement]
          lifetime: P13M

Let the consent tool delete what the site set, and stop the scripts of others at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV224", law="GDPR 7(3), LIL 82", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Check what happens to trackers after withdrawal of consent."""
    trackers = view.policy.trackers
    if trackers is None:
        yield not_applicable("the text has no word on trackers")
    elif not trackers.used or (trackers.items and not trackers.asking):
        yield not_applicable("no tracker rests on consent")
    elif trackers.after_withdrawal == "until_expiry":
        message = "trackers stay to the end of their life after consent was taken back"
        yield weak(view.value_spot("trackers", "after_withdrawal"), message, "after_withdrawal: removed")
    elif trackers.after_withdrawal is None:
        yield needs("a look at the site: what happens to trackers after consent was taken back")
