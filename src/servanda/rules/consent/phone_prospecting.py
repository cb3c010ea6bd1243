"""People are called to be sold something, without the consent that their country asks for.

France asks consumers first since 11 August 2026, except about a contract that runs (C. conso L223-1, loi
2025-594 art. 13); before, and in other countries still, they could object in a list. Where consent is
needed the rule fails for consumers; where the text does not say whether consumers are called, and where
they may only object and are not told how, it is weak.

Bad:

    --- policy.yaml
    messages:
      calls: {says: {en: We call to present our offers}, channels: [phone], content: [offers], to: [customers]}

Good:

    --- policy.yaml
    messages:
      calls:
        says: {en: We call those who asked to hear of our offers}
        channels: [phone]
        content: [offers]
        to: [customers]
        basis: [consent]

Ask before calling, and keep the proof; or call about the running contract alone (`exception:
running_contract`).
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.facts import PhoneRegime, phone_regime
from servanda.policy.messages import Message
from servanda.policy.parties import has_consumers
from servanda.policy.policy import Policy
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV232", law="C. conso L223-1; ePrivacy 2002/58 art. 13(3)")
def check(view: View) -> Iterator[Result]:
    """Check each kind of marketing calls against the law of the day."""
    called = {
        n: m for n, m in view.policy.messages.items() if m.marketing and {"phone", "any"} & set(m.channels)
    }
    if not called:
        yield not_applicable("the text speaks of no marketing by telephone")
    for name, message in called.items():
        if message.bases(view.policy.purposes) != {"consent"} or message.some:
            yield from _message(view, name, message)


def _message(view: View, name: str, message: Message) -> Iterator[Result]:
    consumers = has_consumers(message.to, view.policy.audiences)
    if consumers is False:
        return
    countries = _countries(view.policy, message)
    regimes = [regime for country in countries if (regime := phone_regime(country, view.today))]
    strict = [regime for regime in regimes if regime.regime == "consent" and not _excepted(message, regime)]
    at = view.key_spot("messages", name)
    if "phone" not in message.channels:
        yield needs(f"by which channels {name} is sent: the text names none, and it may be the telephone")
    elif strict:
        law = f"{strict[0].country} asks for consent since {strict[0].valid_from}"
        judge = fails if consumers else weak
        persons = "consumers" if consumers else "persons who may be consumers"
        yield judge(at, f"{name} calls {persons}; {law}", "basis: [consent], or persons: [professionals]")
    elif not regimes:
        yield needs(
            f"the law on calls to consumers in {', '.join(countries) or 'their countries'}, for {name}"
        )
    elif not message.opt_out:
        text = f"{name}: people may object to such calls, and the text does not say how"
        yield weak(at, text, "opt_out: [request]")


def _countries(policy: Policy, message: Message) -> list[str]:
    """The countries of the persons called: of their audiences, else the jurisdictions."""
    countries = [country for name in message.to for country in policy.audiences[name].countries]
    return list(dict.fromkeys(countries or [word for word in policy.jurisdictions if word != "EU"]))


def _excepted(message: Message, regime: PhoneRegime) -> bool:
    return message.exception == "running_contract" and regime.except_running_contract
