"""The database of Sociatex, made up from a date.

    python examples/sociatex/generate.py [URL] [--today YYYY-MM-DD] [--scale N]

Without a URL it writes sociatex.db beside this file. Limits that have rows on both sides,
by local time in Paris (d: a day, w: a wall clock without zone, z: text in UTC):

    clients.date_fin_relation           d  three years           NULL: the relation goes on
    clients.date_collecte               d  twelve months         NULL: missing
    contrats.termine_le                 d  three years           NULL: running
    factures.date_facture               d  ten years from the end of the year (30 June)   NULL: missing
    cartes.date_debit                   d  thirteen months, fifteen if debit_differe      NULL: not yet debited
    connexions.horodatage               z  twelve months         NULL: missing
    formulaires_contact.soumis_le       w  six months            NULL: missing
    demandes_devis.soumis_le            w  six months            NULL: missing; no index
    tickets_support.ferme_le            w  three years           NULL: open
    abonnes_newsletter.inscrit_le       w  three years           NULL: missing
    abonnes_newsletter.dernier_contact_le  w  three years        NULL: never heard of since
    sauvegardes.effectuee_le            w  ninety days           NULL: missing

Beside a SQLite file it writes logs/auth, log-ins as syslog has them: weekly files, numbered and
packed, with lines on both sides of twelve months.

Clients with a part of their own:

    42        in litigation: ended four years ago, contracts and invoices        (to be held)
    43        under a judge's requisition: ended five years ago, old connections (to be held)
    44        restricted at the person's request: ended three and a half years ago (to be held)
    45        ended four years ago, with 2,300 rows in `usage`, more than a page
    46        ended four years ago, nothing else was ever recorded
    47, 48    jose@ and josé@ of the same domain: two persons; 47 ended over three years ago, 48 goes on
    49, 50    no date of collection, no date of creation
    61        goes on, with the invoices of every limit that are kept
    62        ended over three years ago, with the invoices of every limit that are kept
    63        ended over eleven years ago, all of whose invoices are past ten years
    64        ended over three years ago, owns the invoices that lack a date
    101…      ended on each edge of three years, without invoices
    151…      the same with one invoice each
    201…      collected on each edge of twelve months, going on
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples import dates, logs, persons
from examples.sociatex.schema import metadata
from examples.tables import fill, main
from examples.world import World

__all__ = ["build", "metadata", "write_logs"]

LOGS = "logs/auth"

THREE_YEARS = dates.Period(years=3)
TEN_YEARS = dates.Period(years=10)
TWELVE_MONTHS = dates.Period(months=12)
SIX_MONTHS = dates.Period(months=6)
NINETY_DAYS = dates.Period(days=90)
CARD, DEFERRED_CARD = dates.Period(months=13), dates.Period(months=15)

SERVICES = ("Antivirus infogéré", "Sauvegarde externalisée", "Téléphonie", "Messagerie", "Hébergement")
QUEUES = ("dépannage", "facturation", "réseau")
JOSE = {47: "jose@atelier.example", 48: "josé@atelier.example", 44: "LIMITÉ.Hélène@Example.ORG"}


@dataclass(slots=True)
class Client:
    """One client and the days of the relation; `ended` is None while it goes on."""

    id: int
    who: persons.Person
    begun: date
    ended: date | None
    collected: date | None = None


def build(url: str, today: date, scale: int = 1) -> dict[str, int]:
    """Write the whole database as of `today`; the number of rows by table."""
    world = World("sociatex", metadata, today, scale, dates.PARIS)
    clients = [*named_clients(world), *edge_clients(world), *other_clients(world)]
    for client in clients:
        add_client(world, client)
        if client.id != 46 and client.id % 19:
            add_agreements(world, client)
            add_support(world, client)
            add_traces(world, client)
    add_invoices(world, clients)
    add_connections(world, [client for client in clients if not client.ended])
    add_strangers(world)
    add_edges(world, clients[0])
    counts = fill(url, metadata, world.rows)
    beside = logs.beside(url)
    if beside is not None:
        write_logs(beside, today, scale)
    return counts


def write_logs(folder: Path, today: date, scale: int = 1) -> int:
    """Write the log-ins of fifteen months into logs/auth, as syslog has them; the number of lines."""
    world = World("sociatex logs", metadata, today, scale, dates.PARIS)
    moments = dates.edges(today, TWELVE_MONTHS, dates.PARIS)
    moments += [world.ago(world.rng.randrange(456)) for _ in range(2_000 * scale)]
    entries = [(when, log_line(world, when)) for when in moments]
    return logs.write(folder / LOGS, "auth.log", logs.numbered, entries, today, dates.PARIS)


def log_line(world: World, when: datetime) -> str:
    """One log-in at the hosting servers, with the time as rsyslog writes it."""
    rng, stamp = world.rng, when.astimezone(dates.PARIS).isoformat(timespec="seconds")
    who = persons.plain(persons.person(rng, rng.randrange(1, 400)).last).lower()
    head = f"{stamp} web{rng.randrange(1, 4)} sshd[{rng.randrange(900, 30_000)}]"
    return f"{head}: Accepted publickey for {who} from {persons.ip(rng)} port {rng.randrange(1_024, 65_536)}"


def named_clients(world: World) -> Iterator[Client]:
    """The clients 1 to 100: ordinary ones, and those listed above."""
    ended = {
        42: 1_500,
        43: 1_900,
        44: 1_280,
        45: 1_480,
        46: 1_470,
        47: 1_300,
        62: 1_700,
        63: 4_200,
        64: 1_250,
    }
    for key in range(1, 101):
        end = world.ago(ended[key]).date() if key in ended else None
        begun = world.ago(4_700 + key).date()
        yield Client(key, persons.person(world.rng, key), begun, end, None if key in (49, 50) else begun)


def edge_clients(world: World) -> Iterator[Client]:
    """Clients whose relation ended, or who were collected, on the edges."""
    rng = world.rng
    ends = dates.day_edges(world.today, dates.first_kept(world.today, THREE_YEARS))
    for base in (101, 151):
        for place, end in enumerate(ends):
            begun = end - timedelta(days=rng.randrange(100, 1_000))
            yield Client(base + place, persons.person(rng, base + place), begun, end, begun)
    collected = dates.day_edges(world.today, dates.first_kept(world.today, TWELVE_MONTHS))
    for place, day in enumerate(collected):
        yield Client(201 + place, persons.person(rng, 201 + place), min(day, world.today), None, day)


def other_clients(world: World) -> Iterator[Client]:
    """The rest, from 301: seven in ten go on."""
    for key in range(301, 301 + 700 * world.scale):
        begun = world.ago(world.rng.randrange(20, 3_600)).date()
        end = dates.day_between(world.rng, begun, world.today) if world.often(30) else None
        yield Client(key, persons.person(world.rng, key), begun, end, begun)


def add_client(world: World, client: Client) -> None:
    """The row of a client; an IBAN only where invoices are debited."""
    who, debited = client.who, world.often(30)
    elsewhere = persons.person(world.rng, client.id).address if world.often(20) else None
    world.add(
        "clients",
        id=client.id,
        numero_client=f"C-{client.id:06d}",
        civilite=world.one_of(("Mme", "M.", None)),
        nom=who.last,
        prenom=who.first,
        societe=persons.company(world.rng).name if world.often(60) else None,
        courriel=JOSE.get(client.id, who.email),
        telephone_fixe=who.phone if world.often(70) else None,
        telephone_portable=persons.phone(world.rng) if world.often(60) else None,
        adresse_facturation=who.address,
        adresse_livraison=elsewhere,
        iban=persons.iban(world.rng) if debited else None,
        mode_reglement="prélèvement" if debited else world.one_of(("virement", "carte", "chèque")),
        group=world.one_of(("standard", "premium", "associatif")),
        date_creation=None if client.id in (49, 50) else client.begun,
        date_collecte=client.collected,
        date_fin_relation=client.ended,
    )


def add_agreements(world: World, client: Client) -> None:
    """Quotes, contracts and domains of a client."""
    rng, end = world.rng, min(client.ended or world.today, world.today)
    for _ in range(rng.randrange(1, 4)):
        day, cents = dates.day_between(rng, client.begun, end), rng.randrange(3_000, 900_000)
        signed = day + timedelta(days=rng.randrange(20)) if world.often(60) else None
        number = f"D{day.year}-{len(world.rows['devis']) + 1:05d}"
        quote = {"numero": number, "emis_le": day, "signe_le": signed, "montant_ht": cents / 100}
        world.add("devis", client_id=client.id, desc="Remplacement du serveur\net câblage", **quote)
        if signed:
            finish = client.ended or (dates.day_between(rng, signed, end) if world.often(20) else None)
            add_contract(world, client, signed, max(finish, signed) if finish else None, cents)
    if world.often(50):
        domain = f"{persons.plain(client.who.last)[:20] or 'x'}-{client.id}.example"
        holder = {"titulaire": client.who.name, "courriel_titulaire": client.who.email}
        until = end + timedelta(days=rng.randrange(400))
        bureau = world.one_of(("GANDI", "OVH"))
        world.add("domaines", client_id=client.id, nom=domain, bureau=bureau, expire_le=until, **holder)


def add_contract(world: World, client: Client, signed: date, ended: date | None, cents: int) -> None:
    """One signed contract, whose text names the client."""
    world.add(
        "contrats",
        client_id=client.id,
        reference=f"CT-{len(world.rows['contrats']) + 1:05d}",
        signe_le=signed,
        termine_le=ended,
        conclu_en_ligne=world.often(30),
        montant_ttc=round(cents * 1.2) / 100,
        contenu=f"Entre Sociatex et {client.who.name}, {client.who.address}, il est convenu ce qui suit…",
    )


def life(world: World, client: Client) -> tuple[datetime, datetime]:
    """The first and the last instant at which a client may have done something."""
    start = dates.at(client.begun, dates.MIDNIGHT, world.zone)
    return start, dates.at(min(client.ended or world.today, world.today), dates.MIDNIGHT, world.zone)


def add_support(world: World, client: Client) -> None:
    """Tickets of a client and what was written in them."""
    start, end = life(world, client)
    for _ in range(world.rng.choice((0, 1, 2, 3))):
        opened = world.within(start, end)
        closed = opened + timedelta(hours=world.rng.randrange(1, 200)) if world.often(90) else None
        add_ticket(world, client, opened, closed)


def add_ticket(world: World, client: Client, opened: datetime, closed: datetime | None) -> None:
    """One ticket with one to four messages."""
    ticket = world.add(
        "tickets_support",
        client_id=client.id,
        group=world.one_of(QUEUES),
        objet=world.one_of(("Imprimante muette", "L'accès VPN échoue", "Facture illisible")),
        ouvert_le=dates.wall(opened, world.zone),
        ferme_le=dates.wall(closed, world.zone),
    )
    for order in range(1, world.rng.randrange(2, 6)):
        name = client.who.name if order % 2 else "Support"
        sent = dates.wall(opened + timedelta(minutes=17 * order), world.zone)
        text = f"Bonjour,\ntoujours en panne.\n{name}"
        world.add("messages_support", ticket_id=ticket, order=order, auteur=name, texte=text, envoye_le=sent)


def add_traces(world: World, client: Client) -> None:
    """Cards, backups and the history of usage of a client."""
    rng, (start, end) = world.rng, life(world, client)
    if world.often(60):
        day = dates.day_between(rng, max(client.begun, world.ago(600).date()), world.today)
        add_card(world, client, day if world.often(95) else None, deferred=world.often(25))
    for _ in range(2_300 if client.id == 45 else rng.randrange(1, 15)):
        when = None if rng.randrange(2_000) == 0 else dates.wall(world.within(start, end), world.zone)
        text = world.one_of((None, "Poste de l'accueil", f"Poste de {client.who.first}"))
        service = world.one_of(SERVICES)
        world.add("usage", client_id=client.id, service=service, utilise_le=when, desc=text)
    if not client.ended:
        for _ in range(rng.randrange(6)):
            add_backup(world, client, world.ago(rng.randrange(85) if world.often(70) else rng.randrange(120)))


def add_card(world: World, client: Client, day: date | None, *, deferred: bool) -> None:
    """A card known by its token; neither its number nor its code are here."""
    key, digits = f"tok_{persons.token(world.rng, 20)}", f"{world.rng.randrange(10_000):04d}"
    card = {"jeton": key, "quatre_derniers": digits, "debit_differe": deferred, "date_debit": day}
    world.add("cartes", client_id=client.id, **card)


def add_backup(world: World, client: Client, when: datetime | None) -> None:
    """One copy made by the backup service."""
    key, size = persons.token(world.rng, 24), world.rng.randrange(10**9, 10**12)
    copy = {"serveur": f"srv-{client.id:04d}.example", "identifiant_acronis": key, "octets": size}
    world.add("sauvegardes", client_id=client.id, effectuee_le=dates.wall(when, world.zone), **copy)


def add_invoices(world: World, clients: list[Client]) -> None:
    """Invoices by date; 61 to 64 own those of the limits."""
    rng = world.rng
    first = dates.first_kept_fiscal(world.today, TEN_YEARS, 6, 30)
    by_id = {client.id: client for client in clients}
    dated: list[tuple[date, Client]] = []
    turns = [date(world.today.year - back, 6, 30) for back in range(2, 11)]
    for day in dict.fromkeys([*dates.day_edges(world.today, first), *turns, *(t + dates.DAY for t in turns)]):
        dated += [(day, by_id[key]) for key in ((61, 62) if day >= first else (63,))]
    for client in clients:
        several = client.id in (42, 63) or (client.id > 300 and client.id % 3 == 0)
        if several or 151 <= client.id < 201:
            end = client.ended or world.today
            for _ in range(rng.randrange(2, 21) if several else 1):
                dated.append((min(dates.day_between(rng, client.begun, end), world.today), client))
    dated.sort(key=lambda pair: (pair[0], pair[1].id))
    for place, (day, client) in enumerate(dated, 1):
        add_invoice(world, client, day, f"F{day.year}-{place:05d}")
    for place in range(1, 4):
        add_invoice(world, by_id[64], None, f"REPRISE-{place}")


def add_invoice(world: World, client: Client, day: date | None, number: str) -> None:
    """One invoice, its lines, and its payment; with the client as they were on that day."""
    prices = [world.rng.randrange(500, 60_000) for _ in range(world.rng.randrange(1, 4))]
    net, vat = sum(prices) / 100, round(sum(prices) * 0.2) / 100
    invoice = world.add(
        "factures",
        client_id=client.id,
        numero=number,
        date_facture=day,
        nom_client=client.who.name,
        adresse_client=client.who.address,
        montant_ht=net,
        tva=vat,
    )
    for place, price in enumerate(prices, 1):
        line = {"facture_id": invoice, "numero_ligne": place, "quantite": 1, "prix_ht": price / 100}
        world.add("lignes_facture", desc=world.one_of(SERVICES), **line)
    if day and world.often(90):
        debited = world.often(40)
        world.add(
            "reglements",
            client_id=client.id,
            facture_id=invoice,
            mode="prélèvement" if debited else "virement",
            iban_masque="FR00 **** **** 0042" if debited else None,
            montant=round(net + vat, 2),
            regle_le=day + timedelta(days=world.rng.randrange(45)),
        )


def add_connections(world: World, clients: list[Client]) -> None:
    """Log-ins of eighteen months; the authority's client has older ones."""
    for _ in range(18_500 * world.scale):
        days = world.rng.randrange(364) if world.often(72) else world.rng.randrange(364, 550)
        add_connection(world, world.one_of(clients).id if world.often(90) else None, world.ago(days))
    for key in (42, 43, 44):
        for _ in range(20):
            add_connection(world, key, world.ago(world.rng.randrange(1_910, 2_400)))


def add_connection(world: World, client: int | None, when: datetime | None) -> None:
    """One log-in, its time as text in UTC."""
    at = when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
    ip, agent = persons.ip(world.rng), persons.agent(world.rng)
    world.add("connexions", client_id=client, adresse_ip=ip, navigateur=agent, horodatage=at)


def add_strangers(world: World) -> None:
    """People without an account: contact forms, requests for quotes, readers of the newsletter."""
    for _ in range(700 * world.scale):
        add_form(world, world.ago(world.rng.randrange(300)))
    for _ in range(80 * world.scale):
        add_quote_request(world, world.ago(world.rng.randrange(300)))
    for _ in range(1_100 * world.scale):
        joined = world.ago(world.rng.randrange(1_700))
        add_reader(world, joined, world.within(joined) if world.often(60) else None)


def add_form(world: World, when: datetime | None) -> None:
    """A message left on the website."""
    who = persons.person(world.rng, 600_000 + len(world.rows["formulaires_contact"]))
    world.add(
        "formulaires_contact",
        nom=who.name,
        courriel=who.email,
        telephone=who.phone if world.often(70) else None,
        message=f"Bonjour, pouvez-vous me rappeler ?\n{who.first}",
        soumis_le=dates.wall(when, world.zone),
    )


def add_quote_request(world: World, when: datetime | None) -> None:
    """A request for a quote left on the website."""
    who = persons.person(world.rng, 700_000 + len(world.rows["demandes_devis"]))
    world.add(
        "demandes_devis",
        nom=who.name,
        societe=persons.company(world.rng).name,
        courriel=who.email,
        telephone=who.phone,
        besoin="Cinq postes et l'accès à distance",
        soumis_le=dates.wall(when, world.zone),
    )


def add_reader(world: World, joined: datetime | None, heard: datetime | None) -> None:
    """A reader of the newsletter; one in seven left it."""
    who = persons.person(world.rng, 800_000 + len(world.rows["abonnes_newsletter"]))
    left = world.within(joined) if joined and world.often(14) else None
    when = {"inscrit_le": joined, "dernier_contact_le": heard, "desinscrit_le": left}
    times = {name: dates.wall(moment, world.zone) for name, moment in when.items()}
    world.add("abonnes_newsletter", courriel=who.email, **times)


def add_edges(world: World, client: Client) -> None:
    """Rows at every edge of the limits that are not the client's own, and three without a date."""
    today, zone, blank = world.today, world.zone, (None, None, None)
    for when in (*dates.edges(today, TWELVE_MONTHS, zone), *blank):
        add_connection(world, client.id, when)
    for when in (*dates.edges(today, SIX_MONTHS, zone), *blank):
        add_form(world, when)
        add_quote_request(world, when)
    for when in (*dates.edges(today, NINETY_DAYS, zone), *blank):
        add_backup(world, client, when)
    for when in dates.edges(today, THREE_YEARS, zone):
        add_ticket(world, client, when - timedelta(hours=50), when)
        add_reader(world, when, None)
        add_reader(world, when - timedelta(days=500), when)
    for _ in blank:
        add_reader(world, None, None)
    for period in (CARD, DEFERRED_CARD):
        for day in (*dates.day_edges(today, dates.first_kept(today, period)), *blank):
            add_card(world, client, day, deferred=False)
            add_card(world, client, day, deferred=True)
    for day in dates.day_edges(today, dates.first_kept(today, THREE_YEARS)):
        add_contract(world, client, day - timedelta(days=700), day, 45_000)


if __name__ == "__main__":
    main(build, __file__)
