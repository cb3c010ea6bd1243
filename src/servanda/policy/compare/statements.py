"""What changed in the statements of a policy: every section that is not compared by a rule of its own.

Two statements are compared key by key, and lists of words item by item. Where a statement
stands in the text, and in which words, binds nobody, nor do the company's own records, which
people were never told; all else does, since people were told something else (GDPR 5(1)(a), 13).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from servanda.policy.compare.change import ELSEWHERE, STEP, WORDING, Change, Verdict, field, members, plain
from servanda.policy.values import published_value

OTHERWISE: Verdict = (True, "people were told something else")
RECORD: Verdict = (False, "a record of the company's own: people were told nothing else")
_RECORDS = frozenset(
    {
        *("members", "agreement", "told_by", "certified_until", "module", "evidence"),
        *("balanced_on", "records", "replays_erasures", "breaches", "business", "tags", "defects"),
    }
)


def statement_changes(where: str, old: object, new: object) -> Iterator[Change]:
    """Yield every change of meaning between two values of a section, None where there is none."""
    yield from _changes(where, plain(old), plain(new))


def _changes(where: str, before: Any, after: Any) -> Iterator[Change]:
    if where.rsplit(STEP, 1)[-1] in _RECORDS:
        yield from field(where, before, after, RECORD)
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _changes(f"{where}{STEP}{key}", before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        if all(isinstance(item, str) for item in (*before, *after)):
            yield from members(where, before, after, added=OTHERWISE, removed=OTHERWISE)
        else:
            for i in range(max(len(before), len(after))):
                pair = (items[i] if i < len(items) else None for items in (before, after))
                yield from _changes(f"{where}{STEP}{i + 1}", *pair)
    elif published_value(before) != published_value(after):  # P12M is P1Y
        yield from field(where, before, after, _verdict(where.rsplit(STEP, 1)[-1]))


def _verdict(key: str) -> Verdict:
    if key in ("line", "promise"):
        return ELSEWHERE
    return WORDING if key in ("en", "fr") else OTHERWISE
