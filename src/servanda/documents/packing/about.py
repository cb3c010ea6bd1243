"""`about.json`: the machine-readable description of a copy. Format 1.

Keys are English and stable; texts are in the language of the copy. New keys may be added to a format; any other
change increments its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from servanda.documents.packing.page import Page
from servanda.documents.packing.statement import CategoryStatement, Statement
from servanda.documents.packing.tables import PackedTable
from servanda.documents.packing.zipped import Entry
from servanda.policy.parties import Party

FORMAT = 1


def about(page: Page, entries: Sequence[Entry]) -> dict[str, Any]:
    """The content of about.json. `entries` are the data files of the zip."""
    statement, policy = page.statement, page.statement.policy
    names = dict.fromkeys(name for place in page.packed for name in place.data)
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
        "places": [_place(place) for place in page.packed],
        "categories": {name: _category(statement.of(name)) for name in names},
        "not_in_here": list(page.absent),
        "automated_decisions": statement.automated(),
        "files": [{"name": e.name, "bytes": e.size, "sha256": e.digest} for e in entries],
    }


def _party(party: Party) -> dict[str, str]:
    fields = {"name": party.name, "email": party.email, "postal": party.postal, "phone": party.phone}
    fields |= {"country": party.country, "url": party.url, "form": party.form}
    return {key: value for key, value in fields.items() if value}


def _authority(statement: Statement) -> dict[str, str] | None:
    entry = statement.authority
    if entry is None:
        return None
    return {"name": entry.name, "postal": entry.postal, "complaints": entry.complaints or entry.url}


def _place(place: PackedTable) -> dict[str, Any]:
    return {
        "place": place.place,
        "files": [f"data/{place.file}.csv", f"data/{place.file}.json"],
        "rows": place.count,
        "columns": list(place.columns),
        "fields": place.fields,
        "categories": {name: list(columns) for name, columns in place.data.items()},
        "left_out": list(place.left_out),
        "named_only": place.named,
        "zone_of_times_without_one": place.zone,
    }


def _category(category: CategoryStatement) -> dict[str, Any]:
    return {
        "says": category.says,
        "fields": list(category.fields),
        "from_the_person": list(category.given),
        "other_sources": list(category.sources),
        "purposes": [{"purpose": u.purpose, "says": u.says, "bases": list(u.bases)} for u in category.uses],
        "recipients": [
            {
                "recipient": r.recipient,
                "names": r.names,
                "says": r.says,
                "country": r.country,
                "safeguard": r.safeguard,
            }
            for r in category.receivers
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
            for s in category.stays
        ],
    }
