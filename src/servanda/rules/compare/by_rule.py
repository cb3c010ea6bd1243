"""A promise that rules decide: it is checked if each rule has run and found nothing.

A rule that does not apply does not count as checked; nor does a rule on the statements of a promise
if no statement names the promise.
"""

from __future__ import annotations

from servanda.policy.checked import HERE, ByRule
from servanda.policy.promise import Promise
from servanda.policy.values import Names
from servanda.rules.compare.check import CheckResult, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.comparison import Comparison
from servanda.rules.engine.rule import Rule


@check(ByRule)
def by_rule(comparison: Comparison, promise: Promise, spec: ByRule) -> CheckResult:
    """Run each rule, and keep its findings at the named parts of the documents."""
    at = None
    if spec.at is not None:
        at = [p for part in spec.at for p in (comparison.statements(promise) if part == HERE else [part])]
        missing = [part for part in spec.at if part != HERE and not comparison.has(part)]
        if missing:
            return broken(f"the documents have no {missing[0]}")
        if not _has_subject(comparison, promise, spec.at):
            return not_yet(f"needs a statement that names {promise.id} (promise:)")
    return worst([rule_result(comparison, rule, at) for word in spec.rule for rule in comparison.rules(word)])


def _has_subject(comparison: Comparison, promise: Promise, at: Names) -> bool:
    """Return whether the promise has a part of its own, or a statement that names it."""
    has_statements = bool(promise.stated or promise.enforced)
    return has_statements or at != [HERE] or len(comparison.statements(promise)) > 1


def rule_result(comparison: Comparison, rule: Rule, at: list[str] | None) -> CheckResult:
    """The result of one rule at these parts of the documents; anywhere if `at` is None."""
    findings = comparison.findings(rule, at)
    fails = [finding for finding in findings if finding.verdict == "fails"]
    if fails:
        suffix = f", and {len(fails) - 1} more" if len(fails) > 1 else ""
        where = dict.fromkeys(finding.where for finding in fails if finding.where)
        return broken(f"{rule.code} {rule.slug}: {fails[0].message}{suffix}", *where)
    failure = comparison.failure(rule)
    if failure:
        return at_risk(failure)
    if findings:
        return at_risk(f"{rule.code} {rule.slug} finds it weak: {findings[0].message}")
    if not rule.needs <= comparison.view.sees:
        return not_yet(f"needs what {rule.code} {rule.slug} looks at: {', '.join(sorted(rule.needs))}")
    for aside in comparison.asides(rule):
        if aside.kind == "needs":
            return not_yet(f"needs {aside.why}")
        return not_yet(f"needs something that {rule.slug} can look at: {aside.why}")
    return checked(f"{rule.code} {rule.slug} finds nothing")
