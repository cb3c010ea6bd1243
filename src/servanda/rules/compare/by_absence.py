"""A promise never to have some data: no column of any store holds such data, mapped or not.

Columns are recognised by names, types and up to 200 values, which are never shown. The last digits of a
card are none: a name that may mean a card counts only where the values say so.
"""

from __future__ import annotations

from servanda.policy.checked import ByAbsence
from servanda.policy.promise import Promise
from servanda.rules.compare.check import Seen, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.looking import Comparison
from servanda.stores.discovery.lexicon import SHOWN


@check(ByAbsence)
def by_absence(looking: Comparison, promise: Promise, said: ByAbsence) -> Seen:
    """Look at every column of every table of every store that answers."""
    del promise
    found: list[Seen] = [at_risk(f"store {name} does not answer") for name in looking.down]
    columns = 0
    for store, session in looking.view.sessions.items():
        for table in session.store.shape.tables.values():
            if table.view:
                continue
            held = looking.recognised(store, table)
            columns += len(table.columns)
            if not held.by_values:
                found.append(
                    at_risk(f"the right to read {store}.{table.name} is missing: only names were seen")
                )
            for column, what in held.columns.items():
                where = f"{store}.{table.name}"
                if what.nature not in said.absent:
                    continue
                if what.state == "personal":
                    found.append(broken(f"{where}.{column} holds {SHOWN[what.nature]}", where))
                elif what.by == "values":
                    found.append(at_risk(f"{where}.{column} may hold {SHOWN[what.nature]}", where))
    if not columns and not looking.down:
        return not_yet("needs a store to look at")
    shown = " or ".join(SHOWN[nature] for nature in said.absent)
    return worst([*found, checked(f"{columns} columns hold no {shown}")])
