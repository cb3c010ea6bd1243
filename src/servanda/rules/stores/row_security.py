"""Row-level security may hide rows from the role that we use.

What PostgreSQL hides is neither counted nor ended, and is in nobody's copy: a promise looks
kept and is not. Only a policy that shows our role every row, for every command, lets it see
all of them.

Bad:

    --- app.sql of PostgreSQL
    CREATE TABLE visits (id INTEGER PRIMARY KEY, tenant INTEGER, ip VARCHAR(45), visited_at TIMESTAMP);
    CREATE INDEX visits_at ON visits (visited_at);
    ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON visits USING (tenant = 1);
    --- stores.yaml
    places:
      visits:
        data: visit
        person: none
        triggers: {collection: visited_at}

Good:

    --- app.sql of PostgreSQL
    CREATE TABLE visits (id INTEGER PRIMARY KEY, tenant INTEGER, ip VARCHAR(45), visited_at TIMESTAMP);
    CREATE INDEX visits_at ON visits (visited_at);
    ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON visits USING (tenant = 1);
    CREATE POLICY servanda ON visits USING (true);

Say `TO servanda` in such a policy, so that it is for our role alone, or give the role the
attribute BYPASSRLS.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV448", law="GDPR 5(1)(e), 15, 17", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check the policies of each place's table."""
    for place in view.places:
        if place.table.hidden:
            message = f"row-level security hides rows of {place.table.name} from us: they are neither ended nor copied"
            fix = f"CREATE POLICY servanda ON {place.table.name} TO servanda USING (true), or ALTER ROLE … BYPASSRLS"
            yield fails(view.at(place), message, fix)
