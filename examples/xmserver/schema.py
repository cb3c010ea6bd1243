"""The tables of XMSERVER, an Estonian operator whose billing software declares no foreign key.

Every time is a number of seconds since 1970-01-01 UTC, and 0 means "not set"; texts are
never NULL but empty. References go by name: `userid` is `tblclients.id`, 0 is nobody.
In tickets and replies `requestor_type` says what `requestor_id` counts: 'Client' a client,
'Staff' an employee (of another system), 'Guest' nobody (0): there name and e-mail stand in
the row. `tblactivitylog` has no primary key.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, Numeric, String, Table, Text

from examples.tables import INNODB, BigKey

metadata = MetaData()


def key() -> Column[int]:
    """The key of a table."""
    return Column("id", Integer, primary_key=True)


def number(name: str, *, index: bool = False) -> Column[int]:
    """A reference or a flag; 0 is nobody, or no."""
    return Column(name, Integer, nullable=False, default=0, server_default="0", index=index)


def moment(name: str, *, index: bool = False) -> Column[int]:
    """Seconds since 1970; 0 is not set."""
    return number(name, index=index)


def words(name: str, length: int = 255, *, index: bool = False) -> Column[str]:
    """A text that is empty rather than NULL."""
    return Column(name, String(length), nullable=False, default="", server_default="", index=index)


def amount(name: str) -> Column[float]:
    """Euros."""
    return Column(name, Numeric(10, 2, asdecimal=False), nullable=False)


Table(
    "tblclients",
    metadata,
    key(),
    *(words(name, 100) for name in ("firstname", "lastname", "patronymic", "companyname")),
    words("email", index=True),
    *(words(name) for name in ("address1", "city", "postcode", "phonenumber", "password")),
    words("country", 2),
    words("gender", 1),
    words("birthdate", 10),
    words("status", 10),
    number("emailoptin"),
    moment("datecreated", index=True),
    moment("lastlogin", index=True),
    moment("dateclosed", index=True),
    **INNODB,
)

Table(
    "tblorders",
    metadata,
    key(),
    number("userid", index=True),
    words("ordernum", 20),
    moment("date", index=True),
    amount("amount"),
    words("ipaddress", 45),
    words("promocode", 20),
    words("status", 10),
    **INNODB,
)

Table(
    "tblinvoices",
    metadata,
    key(),
    number("userid", index=True),
    words("invoicenum", 20, index=True),
    moment("date", index=True),
    moment("datepaid"),
    amount("total"),
    words("paymentmethod", 20),
    words("clientname"),
    words("clientemail"),
    words("clientaddress", 400),
    **INNODB,
)

Table(
    "tblinvoiceitems",
    metadata,
    key(),
    number("invoiceid", index=True),
    number("userid", index=True),
    words("type", 20),
    number("relid"),
    words("description"),
    amount("amount"),
    **INNODB,
)

Table(
    "tblhosting",
    metadata,
    key(),
    number("userid", index=True),
    words("domain"),
    words("dedicatedip", 45),
    words("username", 20),
    moment("regdate"),
    moment("terminationdate", index=True),
    **INNODB,
)

Table(
    "tbldomains",
    metadata,
    key(),
    number("userid", index=True),
    words("domain"),
    words("registrant", 300),
    moment("registrationdate"),
    moment("expirydate"),
    **INNODB,
)

Table(
    "tbltickets",
    metadata,
    key(),
    words("tid", 10),
    words("requestor_type", 10),
    number("requestor_id"),
    words("name"),
    words("email", index=True),
    words("ipaddress", 45),
    words("title"),
    Column("message", Text, nullable=False),
    moment("date", index=True),
    moment("lastreply", index=True),
    Index("ix_tbltickets_requestor", "requestor_id", "requestor_type"),
    **INNODB,
)

Table(
    "tblticketreplies",
    metadata,
    key(),
    number("tid", index=True),
    words("requestor_type", 10),
    number("requestor_id"),
    words("name"),
    words("email"),
    Column("message", Text, nullable=False),
    moment("date"),
    Index("ix_tblticketreplies_requestor", "requestor_id", "requestor_type"),
    **INNODB,
)

Table(
    "tblactivitylog",
    metadata,
    number("userid", index=True),
    words("ipaddr", 45),
    moment("date", index=True),
    words("description", 400),
    **INNODB,
)

Table(
    "tblknownips",
    metadata,
    Column("id", BigKey, primary_key=True),
    number("userid", index=True),
    words("ipaddr", 45),
    moment("lastseen", index=True),
    **INNODB,
)

Table(
    "tblabuse",
    metadata,
    key(),
    words("reporter_name"),
    words("reporter_email", index=True),
    words("reported_ip", 45),
    number("userid", index=True),
    Column("notice", Text, nullable=False),
    moment("date", index=True),
    **INNODB,
)

Table(
    "tblcalls",
    metadata,
    key(),
    number("userid", index=True),
    words("phonenumber", 30),
    words("recording", 100),
    number("seconds"),
    moment("date", index=True),
    **INNODB,
)

Table(
    "tblids",
    metadata,
    key(),
    number("userid", index=True),
    words("kind", 20),
    words("filename"),
    moment("uploaded_at"),
    moment("verified_at", index=True),
    **INNODB,
)

Table(
    "tblnewsletter",
    metadata,
    key(),
    words("email", index=True),
    words("language", 5),
    moment("subscribed_at"),
    moment("lastcontact", index=True),
    moment("unsubscribed_at", index=True),
    **INNODB,
)
