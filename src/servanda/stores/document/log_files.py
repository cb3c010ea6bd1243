"""What a place says of log files: which ones, how a line reads, how its time is written.

files: "access.log*"      inside the store's folder, whatever rotation made of them
line:  combined           a well-known form, or an expression with named groups, one of them `time`
time:  "%d/%m/%Y %H:%M"   where it is neither ISO 8601 nor what web servers and syslog write
"""

from __future__ import annotations

import re

from pydantic import field_validator, model_validator

from servanda.policy.base import Strict

_QUOTED = r'[^"\\]*(?:\\.[^"\\]*)*'
_COMMON = (
    r"(?P<ip>\S+) (?P<ident>\S+) (?P<user>\S+(?: \S+)*?) \[(?P<time>[^\]]+)\] "
    rf'"(?P<request>{_QUOTED})" (?P<status>\d{{3}}|-) (?P<size>\S+)'
)
_AGENT = rf'"(?P<referer>{_QUOTED})" "(?P<agent>{_QUOTED})"'
_SYSLOG = (
    r"(?:<\d+>1? ?)?(?P<time>\d{4}-\d\d-\d\dT\S+|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) "
    r"(?P<host>\S+) (?P<program>[^\s:\[]+)(?:\[(?P<pid>\d+)\])?:? ?(?P<message>.*)"
)
FORMS = {"common": _COMMON, "combined": f"{_COMMON} {_AGENT}", "syslog": _SYSLOG}
"""The expressions of the well-known forms of a line; `json` is read by its keys."""

JSON_TIMES = ("time", "timestamp", "@timestamp", "ts", "date")
"""The keys under which a line of JSON may hold its time; the first that is there counts."""


class LogFiles(Strict):
    """The keys of a place that lives in files."""

    files: str | None = None
    line: str | None = None
    time: str | None = None

    @field_validator("files")
    @classmethod
    def _inside(cls, value: str | None) -> str | None:
        parts = (value or "x").split("/")
        if "" in parts or ".." in parts or "." in parts:
            raise ValueError("files lie inside the store's folder | such as access.log* or */access.log*")
        if "**" in parts:
            raise ValueError("** is not understood | name each level: */access.log*")
        return value

    @field_validator("line")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is None or value in FORMS or value == "json":
            return value
        try:
            groups = re.compile(value.encode()).groupindex
        except re.error as error:
            raise ValueError(f"this expression cannot be read: {error.msg}") from None
        if "time" not in groups:
            known = ", ".join([*FORMS, "json"])
            raise ValueError(f"no group of this expression is called time | (?P<time>…), or one of {known}")
        return value

    @model_validator(mode="after")
    def _together(self) -> LogFiles:
        if self.files and not self.line:
            raise ValueError("line is missing: how a line of these files reads | such as line: combined")
        if not self.files and (self.line or self.time):
            raise ValueError(
                'files is missing: which files these lines stand in | such as files: "access.log*"'
            )
        return self
