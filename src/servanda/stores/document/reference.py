"""How a row points at another place, and what that says about whose the row is.

    via → to.on       columns here equal columns there (the key by default)
    ownership         owned     this row belongs to the person whose row it points at
                      owns      the row that it points at belongs to the person of this row
                      mentions  this row is somebody else's, and only names the person
                      none      a link of the data model, which says nothing about persons
    erase             what becomes of this row when that person is erased

The reference under `person` is owned by default; any other one is none, unless it says so.
Law: GDPR 15 and 17, where what counts as a person's data is decided.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from servanda.policy.base import Strict
from servanda.policy.values import Names
from servanda.stores.document.change import Change, Changed, Scalar, Shorter

Ownership = Literal["owned", "owns", "mentions", "none"]
Erase = Literal["anonymise", "detach", "placeholder", "keep", "refuse"]
Compare = Literal["exact", "text", "folded", "lower", "md5", "sha1", "sha256"]
"""How a value here is that of a row there: as it is; as text, where the types differ; in any letter
case; or this side holds the value in lower case, or the hash of that, in small hex digits."""

HASHES = frozenset({"md5", "sha1", "sha256"})


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Values = Annotated[list[Scalar], BeforeValidator(_listed), Shorter("string", "integer", "null")]


class Reference(Strict):
    """A row points at another place: columns `via` equal columns `on` there (its key by default).

    `when` limits the reference to rows with these values, as in (`rel_type`: Client). `path` is the way
    to the value inside a JSON column; `nobody` lists values that point at no row, such as 0.
    With `erase: anonymise` the columns of `clears` are emptied, with `placeholder` the reference
    leads to the row of that key from then on.
    """

    via: Names
    to: str
    on: Names | None = None
    when: dict[str, Scalar] = Field(default_factory=dict)
    path: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w-]*(\.[\w-]+)*$")
    compare: Compare = "exact"
    nobody: Values = Field(default_factory=list)
    ownership: Ownership | None = None
    erase: Erase | None = None
    placeholder: Annotated[list[Scalar], BeforeValidator(_listed), Shorter("string", "integer")] = Field(
        default_factory=list
    )
    clears: dict[str, Changed] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Reference:
        if (self.path is not None or self.compare != "exact") and len(self.via) != 1:
            raise ValueError("path and compare are about one column | name one under via")
        if bool(self.placeholder) != (self.erase == "placeholder"):
            raise ValueError(
                "a placeholder needs a key, and a key a placeholder | erase: placeholder, placeholder: 0"
            )
        if self.placeholder and len(self.placeholder) != len(self.via):
            raise ValueError("the placeholder has as many values as via has columns")
        if self.erase == "detach" and self.path is not None:
            raise ValueError("a value inside JSON cannot be set to NULL alone | clears: {column: null}")
        if self.ownership != "mentions" and self.erase in ("keep", "refuse"):
            raise ValueError(f"erase: {self.erase} of a reference is about mentions | say it of the place")
        return self

    @property
    def plain(self) -> bool:
        """Whether columns are compared as they are, so that a route of the sweep can follow it."""
        return self.path is None and self.compare == "exact"

    def changes(self) -> dict[str, Change]:
        """What erasing the person writes into the columns of the reference and beside them."""
        if self.erase == "placeholder":
            keys = {
                c: Change(constant=v)
                for c, v in zip(self.via, self.placeholder, strict=True)
                if c not in self.when
            }
            return {**keys, **self.clears}
        if self.erase == "detach":
            return {**{c: Change() for c in self.via}, **self.clears}
        return dict(self.clears)
