"""A promise on sign-in data: passwords lie in the stores as slow, salted hashes only.

    $2b$12$…, $argon2id$…, pbkdf2_sha256$…, scrypt:…     a hash of a password
    5f4dcc3b5aa765d61d8327deb882cf99, {SSHA512}…        a fast digest, cracked in hours: at risk
    anything else                                       plain text, or encrypted reversibly: broken

A hash must match as a whole, digest included, as a password may begin like one.
Up to 200 values of each such column are read, and never shown (GDPR 32(1)(a)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from servanda.policy.checked import ByHash
from servanda.policy.promise import Promise
from servanda.rules.compare.check import CheckResult, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.comparison import Comparison
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
def by_hash(comparison: Comparison, promise: Promise, spec: ByHash) -> CheckResult:
    """Check the values of each password column at the places of these categories."""
    del promise
    results: list[CheckResult] = []
    for name in spec.hashed:
        declared, places = comparison.declared(name), comparison.places(name)
        down = [store for store in comparison.down if any(d.startswith(f"{store}.") for d in declared)]
        results += [at_risk(f"store {store} does not answer", *declared) for store in down]
        column_results = [part for place in places for part in _place(comparison, place)]
        if not column_results and not down:
            column_results = [not_yet(f"needs the column that holds the passwords of {name}")]
        results += column_results
    return worst(results)


def _place(comparison: Comparison, place: BoundPlace) -> Iterator[CheckResult]:
    recognised = comparison.recognised(place.store, place.table)
    columns = [column for column, match in recognised.columns.items() if match.nature == "password"]
    if columns and not recognised.by_values:
        yield at_risk(f"the right to read {place.name} is missing: only names were seen", place.name)
        return
    session = comparison.view.sessions[place.store]
    texts = [column for column in columns if readable(place.table.columns[column])]
    values = session.sample(place.table.name, texts, ROWS)
    for column in columns:
        if column in texts:
            yield _column(f"{place.name}.{column}", place.name, [v for v in values.get(column, ()) if v])
        else:
            yield not_yet(f"needs evidence: how {place.name}.{column} is hashed, which holds bytes")


def _column(column: str, where: str, values: list[str]) -> CheckResult:
    suspect = [value for value in values if not _SLOW.match(value)]
    if not values:
        return not_yet(f"needs rows: {column} is empty")
    if not suspect:
        return checked(f"{column} holds slow hashes of passwords, and nothing else", where)
    if all(_FAST.match(value) for value in suspect):
        return at_risk(f"{column} holds digests that are quickly guessed", where)
    return broken(f"{column} holds passwords that are no hashes", where)
