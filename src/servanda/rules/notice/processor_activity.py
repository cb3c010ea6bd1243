"""The company holds data for its customers, and the text denies it or leaves the terms of it unsaid.

Whoever hosts what customers store is their processor (GDPR 28): on their instructions alone, in
confidence, with further processors only as agreed, with help for the rights of persons, until the
contract ends, and with a register of its own (30(2)). The text, or a contract that it names,
settles these six items. Whether there are such data at all is said by `business:
{processes_for_customers: …}`.

Bad:

    --- policy.yaml
    processing: {role: processor, states: [end_of_contract], line: 60}

Good:

    --- policy.yaml
    processing:
      role: processor
      states: [instructions, confidentiality, sub_processors, rights, end_of_contract, register]
      line: 60

Say that you are the processor, and name the contract that settles the rest; the processor’s register
is kept besides that of your own purposes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from servanda.policy.parties import ContractItem
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV906", law="GDPR 28(3), 30(2)")
def check(view: View) -> Iterator[Result]:
    """Check the claimed role for customers’ data, and the six required items."""
    processing = view.policy.processing
    if processing is None:
        if view.policy.business.processes_for_customers is False:
            yield not_applicable("no data are processed for customers")
        elif view.policy.business.processes_for_customers:
            message = "data are processed for customers, and the text does not say so"
            yield fails(
                view.value_spot("business", "processes_for_customers"),
                message,
                "processing: {role: processor, …}",
            )
        else:
            yield needs("whether the company hosts or processes data for its customers")
        return
    missing = [item.replace("_", " ") for item in get_args(ContractItem) if item not in processing.states]
    if processing.role == "denied":
        message = "the text denies that the company is a processor of what its customers store with it"
        yield fails(view.value_spot("processing", "role"), message, "role: processor")
    elif missing:
        message = f"what is done for customers is not settled: {', '.join(missing)}"
        yield weak(view.key_spot("processing"), message, "name the contract that settles it (GDPR 28(3))")
