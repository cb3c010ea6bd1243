"""A promise never to hold some data: no column of any store, mapped or not, holds such data.

Columns are recognised by names, types and up to 200 values, which are never shown. A column whose name
may mean a payment card counts only if its values confirm it; the last digits of a card do not count.
"""

from __future__ import annotations

from servanda.policy.checked import ByAbsence
from servanda.policy.promise import Promise
from servanda.rules.compare.check import CheckResult, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.comparison import Comparison
from servanda.stores.discovery.lexicon import SHOWN


@check(ByAbsence)
def by_absence(comparison: Comparison, promise: Promise, spec: ByAbsence) -> CheckResult:
    """Check every column of every table in the stores that answer."""
    del promise
    results: list[CheckResult] = [at_risk(f"store {name} does not answer") for name in comparison.down]
    columns = 0
    for store, session in comparison.view.sessions.items():
        for table in session.store.shape.tables.values():
            if table.view:
                continue
            recognised = comparison.recognised(store, table)
            columns += len(table.columns)
            if not recognised.by_values:
                results.append(
                    at_risk(f"the right to read {store}.{table.name} is missing: only names were seen")
                )
            for column, match in recognised.columns.items():
                where = f"{store}.{table.name}"
                if match.nature not in spec.absent:
                    continue
                if match.state == "personal":
                    results.append(broken(f"{where}.{column} holds {SHOWN[match.nature]}", where))
                elif match.by == "values":
                    results.append(at_risk(f"{where}.{column} may hold {SHOWN[match.nature]}", where))
    if not columns and not comparison.down:
        return not_yet("needs a store to look at")
    natures = " or ".join(SHOWN[nature] for nature in spec.absent)
    return worst([*results, checked(f"{columns} columns hold no {natures}")])
