"""Log files do not read as the place says, cannot be read, or are forgotten by rotation.

Lines end by their own time, and only in files that rotation has put aside. A line that the
expression does not match goes with the line before it, as a stack trace should; where most
lines are such, the expression is wrong. A file that is packed with something unknown, or
that says no day, is never ended, and neither is the one that a program is still writing.

Bad:

    --- access.log.20250301
    192.0.2.7 - - [01/Mar/2025:10:00:00 +0100] "GET / HTTP/1.1" 200 512
    served in 12 ms
    --- stores.yaml
    places:
      nginx:
        files: "access.log*"
        line: common
        data: visit
        person: none
        triggers: {collection: time}

Good:

    --- access.log.20250301
    192.0.2.7 - - [01/Mar/2025:10:00:00 +0100] "GET / HTTP/1.1" 200 512
    192.0.2.7 - - [01/Mar/2025:10:00:01 +0100] "GET /a HTTP/1.1" 200 512

Mend `line:` and `time:`; rotate every day, with the day in the name, and pack with gzip,
bzip2 or xz. No content of a line is ever shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV431", law="GDPR 5(1)(e)", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report the remarks of each store on the data of a place."""
    reported = set()
    for place in view.places:
        once = (place.store, place.table.name)
        if once not in reported and not view.bound.unusable(place.name):
            reported.add(once)
            for message, fix in view.sessions[place.store].remarks(place.table.name):
                yield fails(view.at(place), message, fix)
