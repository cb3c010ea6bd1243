"""The tables of Ksaar: a French no-code service where each tenant builds applications.

`records.content` is what tenants store about their own customers: Ksaar is only their
processor for it, and no promise of Ksaar's policy may touch it, even where an address of
one of Ksaar's users occurs in it. Timestamps are aware, except `connection_logs.at` and
`users.last_use`, which count milliseconds since 1970, 0 being never.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from examples.tables import INNODB, BigKey, Instant

metadata = MetaData()

Json = JSON().with_variant(JSONB(), "postgresql")


def of_tenant() -> Column[int]:
    """The tenant a row belongs to."""
    return Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False, index=True)


def of_user(*, required: bool) -> Column[str]:
    """The user a row is about."""
    return Column("user_id", String(36), ForeignKey("users.id"), nullable=not required, index=True)


Table(
    "tenants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("siret", String(14)),
    Column("created_at", Instant, nullable=False),
    **INNODB,
)

Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    of_tenant(),
    Column("email", String(254), index=True),
    Column("first_name", String(80)),
    Column("last_name", String(120)),
    Column("phone", String(25)),
    Column("profession", String(80)),
    Column("company", String(200)),
    Column("siret", String(14)),
    Column("password_hash", String(100)),
    Column("last_use", BigInteger, nullable=False, default=0, server_default="0", index=True),
    Column("created_at", Instant),
    Column("account_closed_at", Instant, index=True),
    Column("account_deleted_at", Instant, index=True),
    Column("unsubscribed_at", Instant, index=True),
    **INNODB,
)

Table(
    "memberships",
    metadata,
    Column("tenant_id", ForeignKey("tenants.id"), primary_key=True, autoincrement=False),
    Column("user_id", ForeignKey("users.id"), primary_key=True, index=True),
    Column("role", String(20), nullable=False),
    Column("joined_at", Instant, nullable=False),
    **INNODB,
)

Table(
    "apps",
    metadata,
    Column("id", Integer, primary_key=True),
    of_tenant(),
    Column("owner_id", String(36), ForeignKey("users.id"), index=True),
    Column("name", String(100), nullable=False),
    Column("created_at", Instant, nullable=False),
    **INNODB,
)

Table(
    "records",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("app_id", ForeignKey("apps.id"), nullable=False, index=True),
    of_tenant(),
    Column("content", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    **INNODB,
)

Table(
    "prospects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200)),
    Column("email", String(254), index=True),
    Column("phone", String(25)),
    Column("collected_at", Instant, index=True),
    Column("last_contact_at", Instant, index=True),
    **INNODB,
)

Table(
    "prospect_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("prospect_id", ForeignKey("prospects.id"), nullable=False, index=True),
    Column("direction", String(3), nullable=False),
    Column("body", Text, nullable=False),
    Column("sent_at", Instant, nullable=False, index=True),
    **INNODB,
)

Table(
    "connection_logs",
    metadata,
    Column("id", BigKey, primary_key=True),
    of_user(required=False),
    Column("ip", String(45)),
    Column("country", String(2)),
    Column("at", BigInteger, nullable=False, default=0, server_default="0", index=True),
    **INNODB,
)

Table(
    "reviews_comments",
    metadata,
    Column("id", Integer, primary_key=True),
    of_user(required=False),
    Column("channel", String(20), nullable=False),
    Column("rating", Integer),
    Column("body", Text, nullable=False),
    Column("posted_at", Instant, nullable=False, index=True),
    **INNODB,
)

Table(
    "cookie_consents",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("device_id", String(36), nullable=False, index=True),
    Column("choice", Json, nullable=False),
    Column("given_at", Instant, index=True),
    Column("expires_at", Instant, index=True),
    **INNODB,
)

Table(
    "invoices",
    metadata,
    Column("id", Integer, primary_key=True),
    of_tenant(),
    of_user(required=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("issued_on", Date, index=True),
    Column("total", Numeric(10, 2, asdecimal=False), nullable=False),
    Column("buyer_name", String(200), nullable=False),
    Column("buyer_address", String(300)),
    **INNODB,
)

Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    of_tenant(),
    of_user(required=True),
    Column("plan", String(20), nullable=False),
    Column("psp_reference", String(40), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    **INNODB,
)

Table(
    "relationship_notes",
    metadata,
    Column("id", Integer, primary_key=True),
    of_user(required=True),
    Column("author", String(100), nullable=False),
    Column("body", Text, nullable=False),
    Column("written_at", Instant, nullable=False, index=True),
    **INNODB,
)
