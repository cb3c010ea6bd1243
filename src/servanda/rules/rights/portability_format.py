"""Data to take along come in a form that no other program can read.

Portability hands data over in a structured, commonly used and machine-readable format (GDPR
20(1)): JSON, CSV, XML. A PDF or a sheet of paper is none of these (WP 242, p. 18). A text that
names no format leaves it open: what is handed over shows it.

Bad:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [pdf], line: 45}
      complaint: {to: CNIL, line: 47}

Good:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json, pdf], line: 45}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Hand over JSON or CSV; a PDF beside it is welcome, being easier to read.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.rights import MACHINE_READABLE
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View


@rule("SV320", law="GDPR 20(1); WP 242", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Check the formats that the text names."""
    portability = view.policy.rights.portability
    if portability is None:
        yield not_applicable("the text announces no right to portability")
    elif not portability.formats:
        yield needs("the format in which data are handed over (rights.portability.formats)")
    elif not MACHINE_READABLE & set(portability.formats):
        message = f"data to take along come as {' or '.join(portability.formats)}, which no program reads"
        yield fails(view.value_spot("rights", "portability", "formats"), message, "formats: [json]")
