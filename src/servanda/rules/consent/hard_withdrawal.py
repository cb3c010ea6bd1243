"""Consent is asked for, and nothing says by which channel it is taken back.

Taking consent back must be as easy as giving it, at any time (GDPR 7(3)). A text with no channel that leads
anywhere fails, such as contact details that are promised and not printed; one with a channel for some
consents, or some of their purposes, is weak. Whether a channel takes no more steps than
consenting did only a look at the site can tell.

Bad:

    --- policy.yaml
    consents:
      newsletter:
        says: {en: Whoever ticks the box receives the newsletter}
        act: [box]

Good:

    --- policy.yaml
    consents:
      newsletter:
        says: {en: Whoever ticks the box receives the newsletter}
        act: [box]
        withdrawal: [{channels: [message_link, account]}]

Give every consent its switch where it was given, and a link in each message.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.consents import Channel, Consent, Withdrawal
from servanda.policy.policy import Policy
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View

_AT_HAND: frozenset[Channel] = frozenset({"account", "message_link", "tool"})
"""Channels at the place of the consent, which need no address."""


@rule("SV214", law="GDPR 7(3)")
def check(view: View) -> Iterator[Result]:
    """Check each explicit consent; implied consents are skipped."""
    explicit = {name: consent for name, consent in view.policy.consents.items() if not consent.implied}
    if not explicit:
        yield not_applicable("no consent is asked")
        return
    unreachable = {name: _left(view.policy, consent) for name, consent in explicit.items()}
    reached = any(_live(view.policy, way) for consent in explicit.values() for way in consent.withdrawal)
    for name, purposes in unreachable.items():
        if purposes is not None:
            announced = explicit[name].withdrawal
            scope = f" for {', '.join(purposes)}" if purposes else ""
            missing = announced and not purposes
            why = "leads nowhere" if missing else "is not named"
            at = (
                view.value_spot("consents", name, "withdrawal")
                if announced
                else view.key_spot("consents", name)
            )
            message = f"{name}{scope}: the channel by which consent is taken back {why}"
            judge = weak if reached else fails
            yield judge(at, message, "withdrawal: [{channels: […], at: …}]")
    unlinked = [name for name, consent in explicit.items() if _unlinked(consent)]
    if unlinked:
        yield needs(f"a look at the site: where the consent tool is found again, for {', '.join(unlinked)}")


def _left(policy: Policy, consent: Consent) -> list[str] | None:
    """The purposes without a working channel; empty if there is no channel, None if all have one."""
    ways = [way for way in consent.withdrawal if _live(policy, way)]
    if not ways:
        return []
    if any(not way.purposes for way in ways):
        return None
    reached = {purpose for way in ways for purpose in way.purposes}
    return [purpose for purpose in consent.purposes if purpose not in reached] or None


def _live(policy: Policy, way: Withdrawal) -> bool:
    """Return whether a reader of the text can use this channel."""
    controller = policy.controller
    printed = {
        "email": controller.email,
        "phone": controller.phone,
        "post": controller.postal,
        "form": controller.url,
    }
    printed["contact"] = controller.email or controller.postal or controller.phone
    return bool(way.at) or any(channel in _AT_HAND or printed.get(channel) for channel in way.channels)


def _unlinked(consent: Consent) -> bool:
    return any(way.channels == ["tool"] and way.at is None for way in consent.withdrawal)
