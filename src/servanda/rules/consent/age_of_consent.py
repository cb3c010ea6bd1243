"""Consent is asked of whoever comes, and the text has no age, a gap between ages, or another age than the law.

A child consents alone to a service on the net from sixteen years on, or from the age that its country has
set, such as fifteen in France (GDPR 8(1); LIL 45); below, a parent consents, and the company checks it with
reasonable efforts (8(2)). A service for adults or professionals only, or one that asks consent of
organisations alone, needs no such clause.

Bad:

    --- policy.yaml
    consents:
      newsletter:
        says: {en: Whoever ticks the box receives the newsletter}
        act: [box]
        audience: [customers]
        withdrawal: [{channels: [message_link]}]
    minors:
      alone: {age: 15, bound: over}
      with_parent: {age: 15, bound: under}
      mechanism: {en: a form that the parent signs}

Good:

    --- policy.yaml
    consents:
      newsletter:
        says: {en: Whoever ticks the box receives the newsletter}
        act: [box]
        audience: [customers]
        withdrawal: [{channels: [message_link]}]
    minors:
      alone: {age: 15, bound: from}
      with_parent: {age: 15, bound: under}
      mechanism: {en: a form that the parent signs}

Write “from fifteen” and “under fifteen”, with the age of each country that you serve, and say how a parent
consents.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.facts import in_eea
from servanda.law.majority import UnknownAge, majority
from servanda.policy.consents import Consent, Minors
from servanda.policy.parties import has_consumers
from servanda.policy.policy import Policy
from servanda.policy.purposes import ALL
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View

LOWEST = 13
"""The lowest age that a Member State may set (GDPR 8(1))."""


@rule("SV241", law="GDPR 8, LIL 45", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Compare the stated ages with each other and with those of the countries."""
    policy = view.policy
    audiences = {name for consent in policy.consents.values() for name in _audience(policy, consent)}
    if not audiences or has_consumers(audiences, policy.audiences) is False:
        yield not_applicable("no consent is asked of consumers")
    elif policy.minors is None:
        message = "consent is asked, and the text does not say from which age a child gives it alone"
        yield weak(view.key_spot("minors"), message, "minors: {alone: …, with_parent: …}, or only: adults")
    elif policy.minors.only is None:
        yield from _ages(view, policy.minors, audiences)


def _audience(policy: Policy, consent: Consent) -> set[str]:
    """The audiences of a consent: declared, else those of the data of its purposes, else all."""
    purposes = list(policy.purposes) if ALL in consent.purposes else consent.purposes
    data = {category for name in purposes for category in policy.purposes[name].data}
    audiences = {name for category in data for name in policy.categories[category].audience}
    return set(consent.audience) or audiences or set(policy.audiences)


def _ages(view: View, minors: Minors, audiences: set[str]) -> Iterator[Result]:
    alone, parent = minors.alone, minors.with_parent
    at = view.key_spot("minors")
    if alone is None or parent is None:
        missing = "alone" if alone is None else "with_parent"
        word = "from which age a child consents alone" if alone is None else "who consents below that age"
        yield weak(at, f"the text does not say {word}", f"{missing}: {{age: …, bound: …}}")
    elif alone.youngest > parent.oldest + 1:
        gap = range(parent.oldest + 1, alone.youngest)
        years = str(gap[0]) if len(gap) == 1 else f"{gap[0]} to {gap[-1]}"
        message = f"at {years} years neither the child nor a parent may consent: the ages leave a gap"
        yield weak(view.value_spot("minors", "alone"), message, f"bound: from, with age: {parent.oldest + 1}")
    for country in _countries(view.policy, audiences):
        law = _majority(country, view)
        lowest = country == "GB" or in_eea(country, view.today)
        if law is None and alone is not None and lowest and alone.youngest < LOWEST:
            message = f"a child of {alone.youngest} consents alone; no country of the EEA may allow it below {LOWEST}"
            yield fails(view.value_spot("minors", "alone"), message, f"age: {LOWEST}, bound: from, or more")
        elif law is None and alone is not None:
            yield needs(
                f"the age of {country} from which a child consents alone: the tables of law do not have it"
            )
        if alone is not None and law is not None and alone.youngest < law:
            message = f"a child of {alone.youngest} consents alone; in {country} it is {law} years"
            yield weak(view.value_spot("minors", "alone"), message, f"age: {law}, bound: from")
    if parent is not None and minors.mechanism is None:
        message = "the text does not say how a parent consents, nor how that is checked"
        yield weak(view.value_spot("minors", "with_parent"), message, "mechanism: {en: …}")


def _countries(policy: Policy, audiences: set[str]) -> list[str]:
    countries = [country for name in sorted(audiences) for country in policy.audiences[name].countries]
    return list(dict.fromkeys([*(word for word in policy.jurisdictions if word != "EU"), *countries]))


def _majority(country: str, view: View) -> int | None:
    """The age of a country on the day, or None without a source."""
    try:
        return majority(country, view.today).years
    except UnknownAge:
        return None
