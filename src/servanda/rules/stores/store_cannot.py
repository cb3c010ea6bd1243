"""A promise, or the stores document, asks of a store what it cannot do.

Lines of log files are deleted whole, and have no key: nothing in them can be emptied,
archived, or found by a person. A place that is asked for that is left alone until the
document says otherwise, since half of it would be no promise kept.

Bad:

    --- access.log.20250301
    192.0.2.7 - - [01/Mar/2025:10:00:00 +0100] "GET / HTTP/1.1" 200 512
    --- stores.yaml
    places:
      nginx:
        files: "access.log*"
        line: common
        data: visit
        person: none
        triggers: {collection: time}
        at_end: {ip: {truncate: ip}}

Good:

    --- stores.yaml
    places:
      nginx:
        files: "access.log*"
        line: common
        data: visit
        person: none
        triggers: {collection: time}

Promise that the lines are deleted, or write them to a table that can be emptied. What must
stay of some lines is held by a condition: `servanda hold place --where`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, complaints, rule
from servanda.rules.engine.view import View


@rule("SV430", law="GDPR 5(1)(e)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report the complaints from binding the stores document."""
    yield from complaints(view, "store-cannot")
