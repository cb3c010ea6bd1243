"""The tables of Sociatex, in French as its programmers named them.

Some names are reserved words of SQL and need quotes: the table `usage`, the columns
`group`, `desc` and `order`. Days are dates; times are wall clocks of Paris without a zone,
except `connexions.horodatage`, which is text, 2026-03-01T23:15:00Z, in every database.
`demandes_devis`, the smallest table, has no index on its date.
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


def euros(name: str) -> Column[float]:
    """An amount."""
    return Column(name, Numeric(10, 2, asdecimal=False), nullable=False)


def of_client(*, required: bool = True) -> Column[int]:
    """The client a row belongs to."""
    return Column("client_id", Integer, ForeignKey("clients.id"), nullable=not required, index=True)


Table(
    "clients",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("numero_client", String(12), unique=True),
    Column("civilite", String(5)),
    Column("nom", String(120)),
    Column("prenom", String(80)),
    Column("societe", String(200)),
    Column("courriel", String(254), index=True),
    Column("telephone_fixe", String(25)),
    Column("telephone_portable", String(25)),
    Column("adresse_facturation", String(300)),
    Column("adresse_livraison", String(300)),
    Column("iban", String(34)),
    Column("mode_reglement", String(15)),
    Column("group", String(20)),
    Column("date_creation", Date),
    Column("date_collecte", Date, index=True),
    Column("date_fin_relation", Date, index=True),
    **INNODB,
)

Table(
    "contrats",
    metadata,
    Column("id", Integer, primary_key=True),
    of_client(),
    Column("reference", String(20), nullable=False),
    Column("signe_le", Date, nullable=False),
    Column("termine_le", Date, index=True),
    Column("conclu_en_ligne", Boolean, nullable=False),
    euros("montant_ttc"),
    Column("contenu", Text),
    **INNODB,
)

Table(
    "devis",
    metadata,
    Column("id", Integer, primary_key=True),
    of_client(),
    Column("numero", String(20), nullable=False),
    Column("emis_le", Date, nullable=False, index=True),
    Column("signe_le", Date),
    euros("montant_ht"),
    Column("desc", Text),
    **INNODB,
)

Table(
    "factures",
    metadata,
    Column("id", Integer, primary_key=True),
    of_client(),
    Column("numero", String(20), nullable=False, unique=True),
    Column("date_facture", Date, index=True),
    Column("nom_client", String(200), nullable=False),
    Column("adresse_client", String(300)),
    euros("montant_ht"),
    euros("tva"),
    **INNODB,
)

Table(
    "lignes_facture",
    metadata,
    Column("facture_id", ForeignKey("factures.id"), primary_key=True, autoincrement=False),
    Column("numero_ligne", Integer, primary_key=True, autoincrement=False),
    Column("desc", String(200), nullable=False),
    Column("quantite", Integer, nullable=False),
    euros("prix_ht"),
    **INNODB,
)

Table(
    "reglements",
    metadata,
    Column("id", Integer, primary_key=True),
    of_client(),
    Column("facture_id", ForeignKey("factures.id"), nullable=False, index=True),
    Column("mode", String(15), nullable=False),
    Column("iban_masque", String(34)),
    euros("montant"),
    Column("regle_le", Date, index=True),
    **INNODB,
)

Table(
    "cartes",
    metadata,
    Column("id", Integer, primary_key=True),
    of_client(),
    Column("jeton", String(40), nullable=False),
    Column("quatre_derniers", String(4), nullable=False),
    Column("debit_differe", Boolean, nullable=False),
    Column("date_debit", Date, index=True),
    **INNODB,
)

Table(
    "connexions",
    metadata,
    Column("id", BigKey, primary_key=True),
    of_client(required=False),
    Column("adresse_ip", String(45)),
    Column("navigateur", String(300)),
    Column("horodatage", String(20), index=True),
    **INNODB,
)

Table(
    "usage",
    metadata,
    Column("id", BigKey, primary_key=True),
    of_client(),
    Column("service", String(40), nullable=False),
    Column("utilise_le", Wall, index=True),
    Column("desc", String(200)),
    **INNODB,
)

Table(
    "formulaires_contact",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("nom", String(200), nullable=False),
    Column("courriel", String(254), index=True),
    Column("telephone", String(25)),
    Column("message", Text),
    Column("soumis_le", Wall, index=True),
    **INNODB,
)

Table(
    "demandes_devis",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("nom", String(200), nullable=False),
    Column("societe", String(200)),
    Column("courriel", String(254), index=True),
    Column("telephone", String(25)),
    Column("besoin", Text),
    Column("soumis_le", Wall),
    **INNODB,
)

Table(
    "tickets_support",
    metadata,
    Column("id", Integer, primary_key=True),
    of_client(),
    Column("group", String(20), nullable=False),
    Column("objet", String(200), nullable=False),
    Column("ouvert_le", Wall, nullable=False),
    Column("ferme_le", Wall, index=True),
    **INNODB,
)

Table(
    "messages_support",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets_support.id"), nullable=False, index=True),
    Column("order", Integer, nullable=False),
    Column("auteur", String(200), nullable=False),
    Column("texte", Text, nullable=False),
    Column("envoye_le", Wall, nullable=False),
    **INNODB,
)

Table(
    "abonnes_newsletter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("courriel", String(254), nullable=False, index=True),
    Column("inscrit_le", Wall, index=True),
    Column("dernier_contact_le", Wall, index=True),
    Column("desinscrit_le", Wall),
    **INNODB,
)

Table(
    "sauvegardes",
    metadata,
    Column("id", Integer, primary_key=True),
    of_client(),
    Column("serveur", String(100), nullable=False),
    Column("identifiant_acronis", String(40), nullable=False),
    Column("octets", BigKey, nullable=False),
    Column("effectuee_le", Wall, index=True),
    **INNODB,
)

Table(
    "domaines",
    metadata,
    Column("id", Integer, primary_key=True),
    of_client(),
    Column("nom", String(100), nullable=False),
    Column("titulaire", String(200)),
    Column("courriel_titulaire", String(254)),
    Column("bureau", String(20), nullable=False),
    Column("expire_le", Date, nullable=False),
    **INNODB,
)
