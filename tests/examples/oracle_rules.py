"""What each row of the examples may expect, written by hand from the policies; nothing of the program is used.

    last        the last day on which a row stays, by each ground; it ends when all have passed
    empties     what an ended column holds, and by which grounds it ends
    children    rows that point at a row and keep it, as long as they stay
    loosens     a column of other rows that becomes NULL when the row goes
    held        whether the row is of the person under a hold

A day of None means that the ground runs on, or that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Day = date | None
PARIS, TALLINN = ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Tallinn")
HELD = 42
HELD_AT_KSAAR = "00000000-0000-4000-8000-000000000042"


class Dump:
    """Every table as lists of rows."""

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self.tables = tables
        self._found: dict[tuple[str, str], dict[Any, list[Row]]] = {}

    def by(self, table: str, column: str, value: Any) -> list[Row]:
        """The rows of a table with a value in a column."""
        at = (table, column)
        if at not in self._found:
            index: dict[Any, list[Row]] = {}
            for row in self.tables[table]:
                index.setdefault(row[column], []).append(row)
            self._found[at] = index
        return self._found[at].get(value, []) if value is not None else []

    def one(self, table: str, value: Any) -> Row | None:
        """The row with this id."""
        return next(iter(self.by(table, "id", value)), None)


@dataclass
class World:
    """The database as it was at first and as it is before a sweep, and the day of the sweep.

    `first` still has the log-ins and accounts that earlier sweeps ended: what they said stays true.
    """

    first: Dump
    now: Dump
    today: date
    warned_on: date | None
    noted: dict[Any, Day] = field(default_factory=dict)


Ground = Callable[[Row, World], Day]


@dataclass
class Rule:
    """What holds for the rows of one table."""

    last: list[Ground] = field(default_factory=list)
    empties: dict[str, tuple[Any, list[Ground]]] = field(default_factory=dict)
    children: list[str] = field(default_factory=list)
    loosens: list[str] = field(default_factory=list)
    held: Callable[[Row, World], bool] = lambda row, world: False


# -- the calendar, once more ------------------------------------------------------------------


def later(day: Day, years: int = 0, months: int = 0, days: int = 0) -> Day:
    """The same date number later, or the last day of a shorter month; then the days."""
    if day is None:
        return None
    year, month = day.year + years, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    number = day.day
    while True:
        try:
            return date(year, month, number) + timedelta(days=days)
        except ValueError:
            number -= 1


def year_end(day: Day, month: int, number: int) -> Day:
    """The end of the fiscal year in which a day lies."""
    if day is None:
        return None
    end = date(day.year, month, number)
    return end if day <= end else date(day.year + 1, month, number)


def plain(raw: str | None) -> Day:
    """A date, or a wall clock of the company's own zone."""
    return date.fromisoformat(raw[:10]) if raw else None


def instant(raw: str | None) -> Day:
    """A text in UTC, with Z, with an offset of zero, or without any; its day in Paris."""
    if not raw:
        return None
    read = datetime.fromisoformat(raw)
    assert read.utcoffset() in (None, timedelta(0))
    return read.replace(tzinfo=UTC).astimezone(PARIS).date()


def seconds(raw: int) -> Day:
    """Seconds since 1970, 0 for none; the day in Tallinn."""
    return datetime.fromtimestamp(raw, UTC).astimezone(TALLINN).date() if raw else None


def milliseconds(raw: int) -> Day:
    """Milliseconds since 1970, 0 for none; the day in Paris."""
    return datetime.fromtimestamp(raw // 1000, UTC).astimezone(PARIS).date() if raw else None


def greatest(*days: Day) -> Day:
    """The latest of those that are known."""
    return max((day for day in days if day is not None), default=None)


# -- Exograd ----------------------------------------------------------------------------------


def exo_account(row: Row, world: World) -> Row | None:
    """The account of a row."""
    return world.now.one("accounts", row["account_id"])


def exo_closed(row: Row, world: World) -> Day:
    """Three years after the account was closed."""
    account = row if "closed_at" in row else exo_account(row, world)
    return later(instant(account["closed_at"]), years=3) if account else None


def exo_issued(row: Row, world: World) -> Day:
    """Ten years after the year of the invoice."""
    return later(year_end(plain(row["issued_on"]), 12, 31), years=10)


def exo_line(ground: Ground) -> Ground:
    """The same, of the invoice of a line."""
    return lambda row, world: ground(world.now.by("invoices", "id", row["invoice_id"])[0], world)


def exo_organisation(row: Row, world: World) -> Day:
    """Three years after its last account was closed; after its creation where it never had one."""
    accounts = world.first.by("accounts", "organisation_id", row["id"])
    if any(a["closed_at"] is None for a in accounts):
        return None
    days = [instant(a["closed_at"]) for a in accounts] or [instant(row["created_at"])]
    return later(greatest(*days), years=3)


def exo_of_42(row: Row, world: World) -> bool:
    """Whether it is of account 42."""
    return bool(row["account_id"] == HELD)


EXOGRAD = {
    "visits": Rule([lambda row, world: later(instant(row["visited_at"]), years=1)], held=exo_of_42),
    "logins": Rule([exo_closed], held=exo_of_42),
    "service_usage": Rule([exo_closed], held=exo_of_42),
    "subscriptions": Rule([exo_closed], held=exo_of_42),
    "payment_methods": Rule([exo_closed], held=exo_of_42),
    "invoice_lines": Rule(
        [exo_line(exo_closed), exo_line(exo_issued)],
        held=lambda row, world: world.now.by("invoices", "id", row["invoice_id"])[0]["account_id"] == HELD,
    ),
    "invoices": Rule([exo_closed, exo_issued], children=["invoice_lines.invoice_id"], held=exo_of_42),
    "accounts": Rule(
        [exo_closed],
        empties={
            "organisation_id": (None, [exo_closed]),
            "name": (None, [exo_closed]),
            "email": (None, [exo_closed]),
            "password_hash": (None, [exo_closed]),
            "commercial_email": (0, [exo_closed]),
        },
        children=[
            f"{table}.account_id"
            for table in ("logins", "service_usage", "subscriptions", "payment_methods", "invoices")
        ],
        loosens=["visits.account_id"],
        held=lambda row, world: row["id"] == HELD,
    ),
    "organisations": Rule([exo_organisation], children=["accounts.organisation_id"]),
}

# -- Sociatex ---------------------------------------------------------------------------------


def so_relation(row: Row, world: World) -> Day:
    """Three years after the relation ended."""
    client = row if "date_fin_relation" in row else world.now.one("clients", row["client_id"])
    return later(plain(client["date_fin_relation"]), years=3) if client else None


def so_collected(row: Row, world: World) -> Day:
    """Twelve months after a client's data were collected."""
    return later(plain(row["date_collecte"]), months=12)


def so_issued(row: Row, world: World) -> Day:
    """The end of the fiscal year of an invoice, 30 June: from then on it lies in the archive."""
    invoice = row if "date_facture" in row else world.now.one("factures", row["facture_id"])
    return year_end(plain(invoice["date_facture"]), 6, 30) if invoice else None


def so_ticket(row: Row, world: World) -> Day:
    """Three years after a ticket was closed."""
    ticket = row if "ferme_le" in row else world.now.one("tickets_support", row["ticket_id"])
    return later(plain(ticket["ferme_le"]), years=3) if ticket else None


def so_of_42(row: Row, world: World) -> bool:
    """Whether it is of client 42."""
    return bool(row["client_id"] == HELD)


def so_form(row: Row, world: World) -> Day:
    """Six months after a form was sent."""
    return later(plain(row["soumis_le"]), months=6)


def so_reader(row: Row, world: World) -> Day:
    """Three years after the last sign of a reader."""
    days = (plain(row[column]) for column in ("inscrit_le", "dernier_contact_le", "desinscrit_le"))
    return later(greatest(*days), years=3)


SO_BOTH = ("civilite", "nom", "prenom", "societe", "courriel", "telephone_fixe", "telephone_portable",
           "adresse_facturation", "adresse_livraison")  # fmt: skip
SO_EMPTIES: dict[str, tuple[Any, list[Ground]]] = {
    **{column: (None, [so_relation, so_collected]) for column in SO_BOTH},
    **{
        column: (None, [so_relation])
        for column in ("numero_client", "date_creation", "iban", "mode_reglement", "group")
    },
}
SOCIATEX = {
    "contrats": Rule(
        [so_relation, lambda row, world: later(plain(row["termine_le"]), years=5)], held=so_of_42
    ),
    "devis": Rule([so_relation], held=so_of_42),
    "lignes_facture": Rule(
        [so_issued], held=lambda row, world: so_of_42(world.now.by("factures", "id", row["facture_id"])[0], world)
    ),
    "reglements": Rule(
        [so_issued, lambda row, world: later(plain(row["regle_le"]), months=12)], held=so_of_42
    ),
    "factures": Rule(
        [so_issued],
        empties={"nom_client": ("archivée", [so_issued]), "adresse_client": (None, [so_issued])},
        children=["lignes_facture.facture_id", "reglements.facture_id"],
        held=so_of_42,
    ),
    "cartes": Rule([lambda row, world: plain(row["date_debit"])], held=so_of_42),
    "connexions": Rule(
        [lambda row, world: later(instant(row["horodatage"]), months=12)], held=so_of_42
    ),
    "usage": Rule([so_relation], held=so_of_42),
    "formulaires_contact": Rule([so_form]),
    "demandes_devis": Rule([so_form]),
    "messages_support": Rule(
        [so_ticket],
        held=lambda row, world: so_of_42(world.now.by("tickets_support", "id", row["ticket_id"])[0], world),
    ),
    "tickets_support": Rule([so_ticket], children=["messages_support.ticket_id"], held=so_of_42),
    "abonnes_newsletter": Rule([so_reader]),
    "sauvegardes": Rule(),
    "domaines": Rule([so_relation], held=so_of_42),
    "clients": Rule(
        [so_relation, so_collected],
        empties=SO_EMPTIES,
        children=[
            f"{table}.client_id"
            for table in ("contrats", "devis", "factures", "reglements", "cartes", "connexions", "usage",
                          "tickets_support", "sauvegardes", "domaines")
        ],
        held=lambda row, world: row["id"] == HELD,
    ),
}  # fmt: skip

# -- XSIOR ------------------------------------------------------------------------------------


def xs_service(row: Row, world: World) -> Day:
    """The day on which the service of the customer ended: from then on it lies in the archive."""
    customer = row if "service_ended_at" in row else world.now.one("customers", row["customer_id"])
    return instant(customer["service_ended_at"]) if customer else None


def xs_activity(row: Row, world: World) -> Day:
    """Three years after the last log-in or call; and the person was warned thirty days before."""
    user = row if "display_name" in row else world.now.one("users", row["user_id"])
    if user is None:
        return None
    if user["id"] not in world.noted:
        rows = [
            *world.first.by("logins", "user_id", user["id"]),
            *world.first.by("api_calls", "user_id", user["id"]),
        ]
        world.noted[user["id"]] = greatest(*(instant(r["at"]) for r in rows))
    last = later(world.noted[user["id"]] or instant(user["created_at"]), years=3)
    if last is None or world.warned_on is None:
        return None
    warned = (
        last < world.warned_on + timedelta(days=30) and world.warned_on + timedelta(days=30) <= world.today
    )
    return last if warned else None


def xs_contact(*columns: str) -> Ground:
    """Three years after the last sign of a person."""
    return lambda row, world: later(greatest(*(instant(row[c]) for c in columns)), years=3)


def xs_event(row: Row, world: World) -> Day:
    """One year after what a line of a log tells."""
    return later(instant(row["at"]), years=1)


def xs_user_42(row: Row, world: World) -> bool:
    """Whether it is of user 42."""
    return bool(row["user_id"] == HELD)


def xs_customer_42(row: Row, world: World) -> bool:
    """Whether it is of customer 42."""
    return bool(row["customer_id"] == HELD)


XSIOR = {
    "logins": Rule([xs_event], held=xs_user_42),
    "api_calls": Rule([xs_activity], held=xs_user_42),
    "connection_logs": Rule([xs_event], held=xs_user_42),
    "parental_consents": Rule([xs_activity], held=xs_user_42),
    "contacts": Rule([xs_service]),
    "prospects": Rule([xs_contact("collected_at", "last_contact_at")]),
    "newsletter_subscribers": Rule([xs_contact("subscribed_at", "last_contact_at", "unsubscribed_at")]),
    "transactions": Rule(
        [lambda row, world: later(instant(row["completed_at"]), years=5)], held=xs_customer_42
    ),
    "invoices": Rule([exo_issued], children=["transactions.invoice_id"], held=xs_customer_42),
    "comments": Rule(),
    "tickets": Rule(),
    "users": Rule(
        [xs_activity],
        empties={
            column: (None, [xs_activity])
            for column in ("customer_id", "email", "display_name", "password_hash", "birth_date")
        },
        children=[
            *(f"{table}.user_id" for table in ("logins", "api_calls", "parental_consents", "tickets")),
            "comments.author_id",
        ],
        loosens=["connection_logs.user_id"],
        held=lambda row, world: row["id"] == HELD,
    ),
    "customers": Rule(
        [xs_service],
        empties={column: (None, [xs_service]) for column in ("legal_name", "vat_number", "iban")},
        children=[f"{table}.customer_id" for table in ("contacts", "users", "invoices", "transactions")],
        held=lambda row, world: row["id"] == HELD,
    ),
}

# -- XMSERVER ---------------------------------------------------------------------------------


def xm_after(column: str, **period: int) -> Ground:
    """A period after a column of seconds."""
    return lambda row, world: later(seconds(row[column]), **period)


def xm_papers(row: Row, world: World) -> Day:
    """Seven years after the year of an order or invoice."""
    return later(year_end(seconds(row["date"]), 12, 31), years=7)


def xm_line(row: Row, world: World) -> Day:
    """The same, of the invoice of a line."""
    invoice = world.now.one("tblinvoices", row["invoiceid"])
    return xm_papers(invoice, world) if invoice else None


def xm_reply(row: Row, world: World) -> Day:
    """Three years after the last reply to a ticket."""
    ticket = row if "lastreply" in row else world.now.one("tbltickets", row["tid"])
    return later(seconds(ticket["lastreply"]), years=3) if ticket else None


def xm_of_42(row: Row, world: World) -> bool:
    """Whether it is of client 42."""
    return bool(row["userid"] == HELD)


def xm_asked_42(row: Row, world: World) -> bool:
    """Whether client 42 asked."""
    return (row["requestor_type"], row["requestor_id"]) == ("Client", HELD)


XM_WORDS = ("firstname", "lastname", "patronymic", "companyname", "email", "address1", "city", "postcode",
            "country", "phonenumber", "gender", "birthdate", "password")  # fmt: skip
XM_CLOSED = xm_after("dateclosed", years=3)
XMSERVER = {
    "tblorders": Rule([xm_papers], held=xm_of_42),
    "tblinvoiceitems": Rule(
        [xm_line],
        held=lambda row, world: any(xm_of_42(i, world) for i in world.now.by("tblinvoices", "id", row["invoiceid"])),
    ),
    "tblinvoices": Rule([xm_papers], children=["tblinvoiceitems.invoiceid"], held=xm_of_42),
    "tblhosting": Rule([xm_after("terminationdate", years=1)], held=xm_of_42),
    "tbldomains": Rule([xm_after("expirydate", years=1)], held=xm_of_42),
    "tblticketreplies": Rule(
        [xm_reply],
        held=lambda row, world: any(xm_asked_42(t, world) for t in world.now.by("tbltickets", "id", row["tid"])),
    ),
    "tbltickets": Rule([xm_reply], children=["tblticketreplies.tid"], held=xm_asked_42),
    "tblactivitylog": Rule([xm_after("date", years=1)], held=xm_of_42),
    "tblknownips": Rule([xm_after("lastseen", years=1)], held=xm_of_42),
    "tblabuse": Rule([xm_after("date", years=1)], held=xm_of_42),
    "tblcalls": Rule([xm_after("date", months=6)], held=xm_of_42),
    "tblids": Rule([xm_after("verified_at", days=30)], held=xm_of_42),
    "tblnewsletter": Rule([xm_after("lastcontact", years=3)]),
    "tblclients": Rule(
        [XM_CLOSED],
        empties={column: ("", [XM_CLOSED]) for column in XM_WORDS}
        | {column: (0, [XM_CLOSED]) for column in ("emailoptin", "lastlogin")},
        children=[
            *(
                f"{table}.userid"
                for table in ("tblorders", "tblinvoices", "tblinvoiceitems", "tblhosting", "tbldomains",
                              "tblactivitylog", "tblknownips", "tblabuse", "tblcalls", "tblids")
            ),
            "tbltickets.requestor_id if requestor_type = Client",
            "tblticketreplies.requestor_id if requestor_type = Client",
        ],
        held=lambda row, world: row["id"] == HELD,
    ),
}  # fmt: skip

# -- Ksaar ------------------------------------------------------------------------------------


def ks_user(row: Row, world: World) -> Row | None:
    """The user of a row, or the row itself."""
    return row if "account_closed_at" in row else world.now.one("users", row["user_id"])


def ks_closed(row: Row, world: World) -> Day:
    """Ninety days after the account was closed."""
    user = ks_user(row, world)
    return later(instant(user["account_closed_at"]), days=90) if user else None


def ks_end(years: int) -> Ground:
    """Some years after the account was deleted, by Ksaar or by the sweep before, or the person left the list."""

    def ground(row: Row, world: World) -> Day:
        user = ks_user(row, world)
        if user is None:
            return None
        closed, swept = ks_closed(user, world), world.warned_on
        mine = not user["account_deleted_at"] and user["id"] != HELD_AT_KSAAR
        noted = swept if mine and swept and closed and closed < swept else None
        deleted, left = instant(user["account_deleted_at"]), instant(user["unsubscribed_at"])
        return later(greatest(deleted, left, noted), years=years)

    return ground


def ks_issued(row: Row, world: World) -> Day:
    """The end of the year of an invoice: from then on it lies in the archive."""
    return year_end(plain(row["issued_on"]), 12, 31)


def ks_prospect(row: Row, world: World) -> Day:
    """Three years after a prospect was collected, heard of, or wrote the last letter."""
    prospect = row if "collected_at" in row else world.now.by("prospects", "id", row["prospect_id"])[0]
    letters = [
        instant(letter["sent_at"])
        for letter in world.now.by("prospect_messages", "prospect_id", prospect["id"])
        if letter["direction"] == "in"
    ]
    days = (instant(prospect["collected_at"]), instant(prospect["last_contact_at"]), *letters)
    return later(greatest(*days), years=3)


def ks_connection(row: Row, world: World) -> Day:
    """One year after the last connection of the user, or after this one where that is not known."""
    user = world.now.one("users", row["user_id"])
    return later(greatest(milliseconds(row["at"]), milliseconds(user["last_use"]) if user else None), years=1)


def ks_of_42(row: Row, world: World) -> bool:
    """Whether it is of user 42."""
    return bool(row["user_id"] == HELD_AT_KSAAR)


KS_PROOF = ks_end(0)
"""Proof lies in the archive from the first day."""
KS_ALL = [ks_closed, ks_end(3), KS_PROOF]
KSAAR = {
    "memberships": Rule([ks_closed], held=ks_of_42),
    "apps": Rule(),
    "records": Rule(),
    "tenants": Rule(),
    "prospect_messages": Rule([ks_prospect]),
    "prospects": Rule([ks_prospect], children=["prospect_messages.prospect_id"]),
    "connection_logs": Rule([ks_connection], held=ks_of_42),
    "reviews_comments": Rule(
        empties={"user_id": (None, [ks_closed]), "body": ("", [ks_closed])}, held=ks_of_42
    ),
    "cookie_consents": Rule(),
    "invoices": Rule([ks_issued], held=ks_of_42),
    "subscriptions": Rule(
        [ks_closed, KS_PROOF], empties={"psp_reference": ("", [ks_closed])}, held=ks_of_42
    ),
    "relationship_notes": Rule([ks_closed], held=ks_of_42),
    "users": Rule(
        KS_ALL,
        empties=dict.fromkeys(("email", "first_name", "last_name", "company"), (None, KS_ALL))
        | {column: (None, [ks_closed]) for column in ("phone", "profession", "siret", "password_hash")},
        children=[
            *(
                f"{table}.user_id"
                for table in ("memberships", "connection_logs", "reviews_comments", "invoices", "subscriptions",
                              "relationship_notes")
            ),
            "apps.owner_id",
        ],
        held=lambda row, world: row["id"] == HELD_AT_KSAAR,
    ),
}  # fmt: skip

RULES: dict[str, dict[str, Rule]] = {
    "exograd": EXOGRAD,
    "sociatex": SOCIATEX,
    "xsior": XSIOR,
    "xmserver": XMSERVER,
    "ksaar": KSAAR,
}
"""By example and table; within an example, rows that point at others come first."""

HOLDS = {
    "exograd": ["app.accounts=42"],
    "sociatex": ["app.clients=42"],
    "xsior": ["app.customers=42", "app.users=42"],
    "xmserver": ["app.tblclients=42"],
    "ksaar": [f"app.users={HELD_AT_KSAAR}"],
}
