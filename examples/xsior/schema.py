"""The tables of XSIOR: an English-language software tool, naive timestamps in UTC.

Log-ins and API calls go with their user (ON DELETE CASCADE); a ticket stays, and so does
what others wrote in it. Log-ins are kept for one year only: whether somebody was active
within three years cannot be read from them alone.
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
)

from examples.tables import INNODB, BigKey, Wall

metadata = MetaData()

Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("legal_name", String(200)),
    Column("is_sole_trader", Boolean, nullable=False),
    Column("country", String(2), nullable=False),
    Column("vat_number", String(20)),
    Column("iban", String(34)),
    Column("service_started_at", Wall),
    Column("service_ended_at", Wall, index=True),
    **INNODB,
)

Table(
    "contacts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("first_name", String(80)),
    Column("last_name", String(120)),
    Column("job_title", String(80)),
    Column("work_email", String(254), index=True),
    Column("work_phone", String(25)),
    Column("business_address", String(300)),
    Column("created_at", Wall),
    **INNODB,
)

Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), index=True),
    Column("email", String(254), index=True),
    Column("display_name", String(200)),
    Column("password_hash", String(100)),
    Column("birth_date", Date, index=True),
    Column("created_at", Wall, index=True),
    **INNODB,
)

Table(
    "logins",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Wall, index=True),
    Column("ip", String(45), nullable=False),
    **INNODB,
)

Table(
    "api_calls",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Wall, index=True),
    Column("endpoint", String(100), nullable=False),
    **INNODB,
)

Table(
    "connection_logs",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="SET NULL"), index=True),
    Column("ip", String(45)),
    Column("at", Wall, index=True),
    Column("path", String(200), nullable=False),
    **INNODB,
)

Table(
    "prospects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("full_name", String(200)),
    Column("email", String(254), index=True),
    Column("phone", String(25)),
    Column("source", String(30), nullable=False),
    Column("collected_at", Wall, index=True),
    Column("last_contact_at", Wall, index=True),
    Column("last_mailed_at", Wall),
    **INNODB,
)

Table(
    "newsletter_subscribers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False, index=True),
    Column("consent_text", String(20), nullable=False),
    Column("subscribed_at", Wall, index=True),
    Column("last_contact_at", Wall, index=True),
    Column("unsubscribed_at", Wall, index=True),
    **INNODB,
)

Table(
    "invoices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("issued_on", Date, index=True),
    Column("total", Numeric(10, 2, asdecimal=False), nullable=False),
    Column("buyer_name", String(200), nullable=False),
    Column("buyer_address", String(300)),
    **INNODB,
)

Table(
    "transactions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("invoice_id", ForeignKey("invoices.id"), index=True),
    Column("iban", String(34)),
    Column("amount", Numeric(10, 2, asdecimal=False), nullable=False),
    Column("completed_at", Wall, index=True),
    **INNODB,
)

Table(
    "parental_consents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("parent_name", String(200), nullable=False),
    Column("parent_email", String(254), nullable=False),
    Column("method", String(30), nullable=False),
    Column("given_at", Wall, nullable=False),
    **INNODB,
)

Table(
    "tickets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), index=True),
    Column("subject", String(200), nullable=False),
    Column("opened_at", Wall, nullable=False),
    Column("closed_at", Wall),
    **INNODB,
)

Table(
    "comments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("author_id", ForeignKey("users.id"), index=True),
    Column("body", Text, nullable=False),
    Column("written_at", Wall, nullable=False),
    **INNODB,
)
