"""The tables of Exograd: a French software service on PostgreSQL, aware timestamps.

An account is closed by setting `closed_at` and stays, so that its invoices keep an owner;
`invoices.account_id` is RESTRICT for the same reason. Visits may have happened while
somebody was logged in, and outlive that account (SET NULL).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    false,
)

from examples.tables import INNODB, BigKey, Instant

metadata = MetaData()

organisations = Table(
    "organisations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("postal_address", String(300)),
    Column("email", String(254)),
    Column("siren", String(9)),
    Column("vat_number", String(20)),
    Column("created_at", Instant, nullable=False),
    **INNODB,
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organisation_id", ForeignKey("organisations.id"), index=True),
    Column("name", String(200)),
    Column("email", String(254), index=True),
    Column("password_hash", String(100)),
    Column("commercial_email", Boolean, nullable=False, default=False, server_default=false()),
    Column("created_at", Instant, index=True),
    Column("closed_at", Instant, index=True),
    **INNODB,
)

visits = Table(
    "visits",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="SET NULL"), index=True),
    Column("site", String(100), nullable=False),
    Column("ip", String(45)),
    Column("path", String(300), nullable=False),
    Column("user_agent", String(300)),
    Column("visited_at", Instant, index=True),
    **INNODB,
)

logins = Table(
    "logins",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False, index=True),
    Column("ip", String(45), nullable=False),
    Column("user_agent", String(300)),
    **INNODB,
)

service_usage = Table(
    "service_usage",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("service", String(50), nullable=False),
    Column("used_at", Instant, index=True),
    Column("units", Integer, nullable=False),
    **INNODB,
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("plan", String(30), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    **INNODB,
)

payment_methods = Table(
    "payment_methods",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("iban_masked", String(34)),
    Column("last4", String(4)),
    Column("added_at", Instant, nullable=False),
    **INNODB,
)

invoices = Table(
    "invoices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("number", String(30), nullable=False, unique=True),
    Column("issued_on", Date, index=True),
    Column("net", Numeric(10, 2, asdecimal=False), nullable=False),
    Column("vat", Numeric(10, 2, asdecimal=False), nullable=False),
    Column("buyer_name", String(200), nullable=False),
    Column("buyer_address", Text),
    **INNODB,
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("label", String(200), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("net", Numeric(10, 2, asdecimal=False), nullable=False),
    **INNODB,
)
