"""The columns of the examples that start a period, as the policies mean them; written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

PARIS, TALLINN = ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Tallinn")


@dataclass(frozen=True)
class Trigger:
    """A column with a limit, read back as it lies in the SQLite file."""

    example: str
    table: str
    column: str
    form: str
    years: int = 0
    months: int = 0
    days: int = 0
    zone: ZoneInfo = PARIS
    absent: str = "IS NULL"

    def __str__(self) -> str:
        return f"{self.example}.{self.table}.{self.column}+{self.years}y{self.months}m{self.days}d"


TRIGGERS = (
    Trigger("exograd", "visits", "visited_at", "instant", years=1),
    Trigger("exograd", "accounts", "closed_at", "instant", years=3),
    Trigger("xmserver", "tblclients", "dateclosed", "epoch", years=3, zone=TALLINN, absent="= 0"),
    Trigger("xmserver", "tblactivitylog", "date", "epoch", years=1, zone=TALLINN, absent="= 0"),
    Trigger("xmserver", "tblknownips", "lastseen", "epoch", years=1, zone=TALLINN, absent="= 0"),
    Trigger("xmserver", "tblhosting", "terminationdate", "epoch", years=1, zone=TALLINN, absent="= 0"),
    Trigger("xmserver", "tbltickets", "lastreply", "epoch", years=3, zone=TALLINN, absent="= 0"),
    Trigger("xmserver", "tblabuse", "date", "epoch", years=1, zone=TALLINN, absent="= 0"),
    Trigger("xmserver", "tblcalls", "date", "epoch", months=6, zone=TALLINN, absent="= 0"),
    Trigger("xmserver", "tblids", "verified_at", "epoch", days=30, zone=TALLINN, absent="= 0"),
    Trigger("xmserver", "tblnewsletter", "lastcontact", "epoch", years=3, zone=TALLINN, absent="= 0"),
    Trigger("sociatex", "clients", "date_fin_relation", "date", years=3),
    Trigger("sociatex", "clients", "date_collecte", "date", months=12),
    Trigger("sociatex", "contrats", "termine_le", "date", years=3),
    Trigger("sociatex", "cartes", "date_debit", "date", months=13),
    Trigger("sociatex", "cartes", "date_debit", "date", months=15),
    Trigger("sociatex", "connexions", "horodatage", "instant", months=12),
    Trigger("sociatex", "formulaires_contact", "soumis_le", "wall", months=6),
    Trigger("sociatex", "demandes_devis", "soumis_le", "wall", months=6),
    Trigger("sociatex", "tickets_support", "ferme_le", "wall", years=3),
    Trigger("sociatex", "abonnes_newsletter", "inscrit_le", "wall", years=3),
    Trigger("sociatex", "abonnes_newsletter", "dernier_contact_le", "wall", years=3),
    Trigger("sociatex", "sauvegardes", "effectuee_le", "wall", days=90),
    Trigger("xsior", "customers", "service_ended_at", "wall utc", years=5),
    Trigger("xsior", "users", "created_at", "wall utc", years=3),
    Trigger("xsior", "logins", "at", "wall utc", years=1),
    Trigger("xsior", "connection_logs", "at", "wall utc", years=1),
    Trigger("xsior", "transactions", "completed_at", "wall utc", years=5),
    Trigger("xsior", "transactions", "completed_at", "wall utc", years=10),
    Trigger("xsior", "prospects", "collected_at", "wall utc", years=3),
    Trigger("xsior", "prospects", "last_contact_at", "wall utc", years=3),
    Trigger("xsior", "newsletter_subscribers", "subscribed_at", "wall utc", years=3),
    Trigger("xsior", "newsletter_subscribers", "last_contact_at", "wall utc", years=3),
    Trigger("xsior", "newsletter_subscribers", "unsubscribed_at", "wall utc", years=3),
    Trigger("ksaar", "users", "account_closed_at", "instant", days=90),
    Trigger("ksaar", "users", "account_deleted_at", "instant", years=3),
    Trigger("ksaar", "users", "account_deleted_at", "instant", years=5),
    Trigger("ksaar", "users", "unsubscribed_at", "instant", years=3),
    Trigger("ksaar", "users", "unsubscribed_at", "instant", years=5),
    Trigger("ksaar", "users", "last_use", "milliseconds", years=1, absent="= 0"),
    Trigger("ksaar", "connection_logs", "at", "milliseconds", years=1, absent="= 0"),
    Trigger("ksaar", "prospects", "collected_at", "instant", years=3),
    Trigger("ksaar", "prospects", "last_contact_at", "instant", years=3),
    Trigger("ksaar", "cookie_consents", "given_at", "instant", months=13),
)
FISCAL = (
    ("exograd", "invoices", "issued_on", "date", 10, (12, 31), PARIS),
    ("xmserver", "tblinvoices", "date", "epoch", 7, (12, 31), TALLINN),
    ("xmserver", "tblorders", "date", "epoch", 7, (12, 31), TALLINN),
    ("sociatex", "factures", "date_facture", "date", 10, (6, 30), PARIS),
    ("xsior", "invoices", "issued_on", "date", 10, (12, 31), PARIS),
    ("ksaar", "invoices", "issued_on", "date", 10, (12, 31), PARIS),
)
WITHOUT_INDEX = {("sociatex", "demandes_devis", "soumis_le")}
