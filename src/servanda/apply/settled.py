"""Whether a restored database still has to be settled: nothing is done before that."""

from __future__ import annotations

import json

from servanda.database import Database
from servanda.errors import Refused

SETTING = "restored"


def refuse_if_restored(db: Database) -> None:
    """Raise Refused while a restored database is not settled; cheap, since it asks only what the last look found."""
    said = db.setting(SETTING)
    if not said:
        return
    found = json.loads(said)
    what = (
        f"{found['rows']} rows that were erased are back"
        if found["rows"]
        else f"the latest rows of {', '.join(found['behind'])} are gone"
    )
    raise Refused(
        f"a database was restored from a backup: {what}",
        advice="erase them again with: servanda restore replay"
        if found["rows"]
        else "if it was: servanda restore replay; if it was not: servanda restore accept --reason WORDS",
    )
