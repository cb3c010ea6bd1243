"""Requests count by one channel alone, or by one that readers cannot find.

A request is valid in whatever way it reaches the company, and starts the clock (GDPR 12(2); EDPB
01/2022, §52-56): a text that says others are not processed fails. One that names no channel
people can use online is weak, such as a form that no link leads to, or contact details that are
nowhere printed.

Bad:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      other_channels: {accepted: false, line: 60}
      deadline: {within: P1M, since: receipt, line: 61}

Good:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}

Name one channel that works, with its address or link, as the one you prefer; handle the others
all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV303", law="GDPR 12(2); EDPB Guidelines 01/2022, §52-56")
def check(view: View) -> Iterator[Finding]:
    """Find exclusive wording, and channels without an address."""
    requests = view.policy.requests
    other_channels = requests.other_channels
    if other_channels is not None and not other_channels.accepted:
        message = "requests that come in another way are refused; any way that reaches the company counts"
        yield fails(
            view.value_spot("requests", "other_channels", "accepted"), message, "take the sentence out"
        )
    controller = view.policy.controller
    written = not requests.channels and (controller.email or controller.form)
    if written or any(channel.open_online for channel in requests.channels):
        return
    if not requests.channels:
        message = "the text names no channel for requests, and no e-mail address or form of the company"
        yield weak(view.key_spot("requests"), message, "channels: [{kind: email, at: …}]")
        return
    message = (
        "no channel for requests can be used online with what the text gives: address or link is missing"
    )
    yield weak(view.key_spot("requests", "channels"), message, "channels: [{kind: email, at: …}]")
