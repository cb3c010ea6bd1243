"""A promise on which the law has a rule: it is checked where the rule looked and found nothing.

A rule that does not apply has looked at nothing, and checks nothing; nor does one that would look at the
statements of a promise where none names it.
"""

from __future__ import annotations

from servanda.policy.checked import HERE, ByRule
from servanda.policy.promise import Promise
from servanda.policy.values import Names
from servanda.rules.compare.check import Seen, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.looking import Comparison
from servanda.rules.engine.rule import Rule


@check(ByRule)
def by_rule(looking: Comparison, promise: Promise, said: ByRule) -> Seen:
    """Run each rule, and look at what it finds at the parts that are named."""
    at = None
    if said.at is not None:
        at = [p for part in said.at for p in (looking.statements(promise) if part == HERE else [part])]
        lost = [part for part in said.at if part != HERE and not looking.has(part)]
        if lost:
            return broken(f"the documents have no {lost[0]}")
        if not _said(looking, promise, said.at):
            return not_yet(f"needs a statement that names {promise.id} (promise:)")
    return worst([decided(looking, rule, at) for word in said.rule for rule in looking.rules(word)])


def _said(looking: Comparison, promise: Promise, at: Names) -> bool:
    """Whether there is something to look at: a part of its own, or a statement that names the promise."""
    own = bool(promise.stated or promise.enforced)
    return own or at != [HERE] or len(looking.statements(promise)) > 1


def decided(looking: Comparison, rule: Rule, at: list[str] | None) -> Seen:
    """What one rule says at these parts of the documents."""
    found = looking.found(rule, at)
    fails = [finding for finding in found if finding.verdict == "fails"]
    if fails:
        more = f", and {len(fails) - 1} more" if len(fails) > 1 else ""
        where = dict.fromkeys(finding.where for finding in fails if finding.where)
        return broken(f"{rule.code} {rule.slug}: {fails[0].message}{more}", *where)
    unanswered = looking.unanswered(rule)
    if unanswered:
        return at_risk(unanswered)
    if found:
        return at_risk(f"{rule.code} {rule.slug} finds it weak: {found[0].message}")
    if not rule.needs <= looking.view.sees:
        return not_yet(f"needs what {rule.code} {rule.slug} looks at: {', '.join(sorted(rule.needs))}")
    for aside in looking.asides(rule):
        if aside.kind == "needs":
            return not_yet(f"needs {aside.why}")
        return not_yet(f"needs something that {rule.slug} can look at: {aside.why}")
    return checked(f"{rule.code} {rule.slug} finds nothing")
