"""A promise on sign-in data: passwords lie in the stores as slow, salted hashes only.

    $2b$12$…, $argon2id$…, pbkdf2_sha256$…, scrypt:…     a hash of a password
    5f4dcc3b5aa765d61d8327deb882cf99, {SSHA512}…        a digest that is guessed in hours: at risk
    anything else                                       a password, or what can be turned into one

A hash is believed whole, with its digest: a password may begin like one.
Up to 200 values of each such column are looked at, and never shown (GDPR 32(1)(a)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from servanda.policy.checked import ByHash
from servanda.policy.promise import Promise
from servanda.rules.compare.check import Seen, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.looking import Comparison
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.discovery.recognise import ROWS, readable

_SLOW = re.compile(
    r"(\$2[abxy]?\$\d\d\$[./0-9a-z]{53}"
    r"|\$(argon2(id|i|d)|scrypt|pbkdf2[-\w]*|bcrypt-sha256|[567y]|gy)\$\S*\$[\w./+=-]{8,}"
    r"|((pbkdf2_\w+|argon2|bcrypt\w*|scrypt)\$|(pbkdf2|scrypt):)\S*\$[\w./+=-]{8,}"
    r"|\{(PBKDF2[-\w]*|ARGON2\w*|BCRYPT|BLF-CRYPT|SHA512-CRYPT|SHA256-CRYPT)\}\S{40,})\Z",
    re.IGNORECASE,
)
_FAST = re.compile(
    r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})(:\S+)?\Z"
    r"|\$(1|apr1|P|H)\$|(md5|sha1|sha256)\$|\{S?(MD5|SHA(256|512)?)\}",
    re.IGNORECASE,
)


@check(ByHash)
def by_hash(looking: Comparison, promise: Promise, said: ByHash) -> Seen:
    """Look at the values of each column of passwords at the places of these categories."""
    del promise
    seen: list[Seen] = []
    for name in said.hashed:
        declared, places = looking.declared(name), looking.places(name)
        down = [store for store in looking.down if any(d.startswith(f"{store}.") for d in declared)]
        seen += [at_risk(f"store {store} does not answer", *declared) for store in down]
        found = [part for place in places for part in _place(looking, place)]
        if not found and not down:
            found = [not_yet(f"needs the column that holds the passwords of {name}")]
        seen += found
    return worst(seen)


def _place(looking: Comparison, place: BoundPlace) -> Iterator[Seen]:
    held = looking.recognised(place.store, place.table)
    columns = [column for column, what in held.columns.items() if what.nature == "password"]
    if columns and not held.by_values:
        yield at_risk(f"the right to read {place.name} is missing: only names were seen", place.name)
        return
    session = looking.view.sessions[place.store]
    texts = [column for column in columns if readable(place.table.columns[column])]
    values = session.sample(place.table.name, texts, ROWS)
    for column in columns:
        if column in texts:
            yield _column(f"{place.name}.{column}", place.name, [v for v in values.get(column, ()) if v])
        else:
            yield not_yet(f"needs evidence: how {place.name}.{column} is hashed, which holds bytes")


def _column(column: str, where: str, values: list[str]) -> Seen:
    rest = [value for value in values if not _SLOW.match(value)]
    if not values:
        return not_yet(f"needs rows: {column} is empty")
    if not rest:
        return checked(f"{column} holds slow hashes of passwords, and nothing else", where)
    if all(_FAST.match(value) for value in rest):
        return at_risk(f"{column} holds digests that are quickly guessed", where)
    return broken(f"{column} holds passwords that are no hashes", where)
