"""`about.json`: a copy and what the policy says of it, for software. Format 1.

Names of keys are English and stay; texts are in the language of the copy. A later format adds keys only, or has
another number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from servanda.documents.packing.page import Page
from servanda.documents.packing.statement import Statement, Told
from servanda.documents.packing.tables import Laid
from servanda.documents.packing.zipped import Entry
from servanda.policy.parties import Party

FORMAT = 1


def about(page: Page, entries: Sequence[Entry]) -> dict[str, Any]:
    """The statement of a copy. `entries` are the files of data that lie beside it."""
    statement, policy = page.statement, page.statement.policy
    names = dict.fromkeys(name for place in page.laid for name in place.data)
    return {
        "format": FORMAT,
        "made_at": page.at.isoformat(),
        "right": page.right,
        "reference": page.reference,
        "language": page.language,
        "controller": _party(policy.controller),
        "data_protection_officer": _party(policy.dpo) if policy.dpo else None,
        "authority": _authority(statement),
        "policy_version": policy.version.number,
        "rows": page.rows,
        "places": [_place(place) for place in page.laid],
        "categories": {name: _category(statement.of(name)) for name in names},
        "not_in_here": list(page.absent),
        "automated_decisions": statement.automated(),
        "files": [{"name": e.name, "bytes": e.size, "sha256": e.digest} for e in entries],
    }


def _party(party: Party) -> dict[str, str]:
    found = {"name": party.name, "email": party.email, "postal": party.postal, "phone": party.phone}
    found |= {"country": party.country, "url": party.url, "form": party.form}
    return {key: value for key, value in found.items() if value}


def _authority(statement: Statement) -> dict[str, str] | None:
    found = statement.authority
    if found is None:
        return None
    return {"name": found.name, "postal": found.postal, "complaints": found.complaints or found.url}


def _place(place: Laid) -> dict[str, Any]:
    return {
        "place": place.place,
        "files": [f"data/{place.file}.csv", f"data/{place.file}.json"],
        "rows": place.count,
        "columns": list(place.columns),
        "fields": place.fields,
        "categories": {name: list(own) for name, own in place.data.items()},
        "left_out": list(place.left_out),
        "named_only": place.named,
        "zone_of_times_without_one": place.zone,
    }


def _category(told: Told) -> dict[str, Any]:
    return {
        "says": told.says,
        "fields": list(told.fields),
        "from_the_person": list(told.given),
        "other_sources": list(told.sources),
        "purposes": [{"purpose": u.purpose, "says": u.says, "bases": list(u.bases)} for u in told.uses],
        "recipients": [
            {
                "recipient": r.recipient,
                "names": r.names,
                "says": r.says,
                "country": r.country,
                "safeguard": r.safeguard,
            }
            for r in told.receivers
        ],
        "periods": [
            {
                "promise": s.promise,
                "limit": s.limit,
                "periods": list(s.periods),
                "after": s.trigger,
                "in_words": s.in_words or s.says,
                "ground": s.ground,
            }
            for s in told.stays
        ],
    }
