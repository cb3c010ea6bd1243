"""The database of XMSERVER, made up from a date.

    python examples/xmserver/generate.py [URL] [--today YYYY-MM-DD] [--scale N]

Without a URL it writes xmserver.db beside this file. Every time is in seconds since 1970
and 0 is "not set". Limits that have rows on both sides, by local time in Tallinn:

    tblclients.dateclosed         three years    0: open
    tblinvoices.date              seven years from the end of the year (31 December)    0: draft, missing
    tblorders.date                the same       0: missing
    tblactivitylog.date           one year       0: missing
    tblknownips.lastseen          one year       0: missing
    tblhosting.terminationdate    one year       0: running
    tbltickets.lastreply          three years    0: missing (so is `date` then)
    tblabuse.date                 one year       0: missing
    tblcalls.date                 six months     0: missing
    tblids.verified_at            thirty days    0: still to be verified
    tblnewsletter.lastcontact     three years    0: missing; unsubscribed_at 0: subscribed

Clients with a part of their own:

    42        in litigation: closed four years ago, invoices, tickets, log     (to be held)
    43        under an authority's order: closed five years ago, log, calls     (to be held)
    44        restricted at the person's request: closed three and a half years ago (to be held)
    45        closed four years ago, with 2,300 rows of activity, more than a page
    46        closed four years ago, nothing else was ever recorded
    47, 48    jose@ and josé@ of the same domain: two persons; 47 is closed over three years, 48 open
    61        open, with invoices and orders of every limit that are kept
    62        closed over three years, with invoices and orders of every limit that are kept
    63        closed nine years ago, all of whose papers are past seven years
    64        open, owns the drafts and orders without a date
    101…      closed at each edge of three years, without invoices
    201…      the same with one invoice each
    999001    nobody: `userid` of rows whose client was once deleted by hand
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples import dates, persons
from examples.dates import epoch
from examples.tables import fill, main
from examples.world import World
from examples.xmserver.schema import metadata

__all__ = ["build", "metadata"]

YEAR = dates.Period(years=1)
THREE_YEARS = dates.Period(years=3)
SEVEN_YEARS = dates.Period(years=7)
SIX_MONTHS = dates.Period(months=6)
THIRTY_DAYS = dates.Period(days=30)

DELETED_BY_HAND = 999_001
COUNTRIES = "EE EE FR GB"
STEPS = (
    "Client Login",
    "Password Changed",
    "Invoice Viewed",
    "VPS Reboot",
    "DNS Zone Edited",
    "Module Create",
)


@dataclass(slots=True)
class Client:
    """One client and when they were one; `closed` is None while the account is open."""

    id: int
    who: persons.Person
    created: datetime
    closed: datetime | None


def build(url: str, today: date, scale: int = 1) -> dict[str, int]:
    """Write the whole database as of `today`; the number of rows by table."""
    world = World("xmserver", metadata, today, scale, dates.TALLINN)
    clients = [*named_clients(world), *edge_clients(world), *other_clients(world)]
    for client in clients:
        add_client(world, client)
        add_services(world, client)
        add_contacts(world, client)
    add_papers(world, clients)
    add_log(world, clients)
    add_outsiders(world)
    add_edges(world, clients)
    return fill(url, metadata, world.rows)


def named_clients(world: World) -> Iterator[Client]:
    """The clients 1 to 100: ordinary open ones, and those listed above."""
    closed = {42: 1_500, 43: 1_900, 44: 1_280, 45: 1_480, 46: 1_470, 47: 1_300, 62: 1_700, 63: 3_300}
    for key in range(1, 101):
        who = persons.person(world.rng, key, COUNTRIES)
        end = world.ago(closed[key]) if key in closed else None
        yield Client(key, who, world.ago(3_500 + key), end)


def edge_clients(world: World) -> Iterator[Client]:
    """Clients whose account was closed at each edge of three years, 101… and again from 201."""
    for base in (101, 201):
        for place, closed in enumerate(dates.edges(world.today, THREE_YEARS, world.zone)):
            who = persons.person(world.rng, base + place, COUNTRIES)
            yield Client(base + place, who, closed - timedelta(days=world.rng.randrange(200, 1_500)), closed)


def other_clients(world: World) -> Iterator[Client]:
    """The rest, from 301: seven in ten open."""
    for key in range(301, 301 + 700 * world.scale):
        who, created = persons.person(world.rng, key, COUNTRIES), world.ago(world.rng.randrange(20, 3_300))
        yield Client(key, who, created, world.within(created) if world.often(30) else None)


def add_client(world: World, client: Client) -> None:
    """The row of a client; half gave a date of birth, some never logged in."""
    rng, who = world.rng, client.who
    emails = {47: "jose@atelier.example", 48: "josé@atelier.example", 44: "RESTRICTED.Õie@Example.ORG"}
    born = dates.day_between(rng, date(1938, 1, 1), date(2006, 1, 1))
    world.add(
        "tblclients",
        id=client.id,
        firstname=who.first,
        lastname=who.last,
        patronymic=world.one_of(persons.PATRONYMICS) if who.country == "EE" and world.often(40) else "",
        companyname=persons.company(rng).name if world.often(25) else "",
        email=emails.get(client.id, who.email),
        address1=who.street,
        city=who.city,
        postcode=who.postcode,
        phonenumber=who.phone,
        password=f"$2y$10${persons.token(rng, 53)}",
        country=who.country,
        gender=world.one_of(("f", "m", "")),
        birthdate=born.isoformat() if world.often(50) else "",
        status="Closed" if client.closed else "Active",
        emailoptin=int(world.often(20)),
        datecreated=epoch(client.created),
        lastlogin=0 if world.often(8) else epoch(world.within(client.created, client.closed)),
        dateclosed=epoch(client.closed),
    )


def silent(client: Client) -> bool:
    """Whether nothing else was ever recorded about a client."""
    return client.id == 46 or (client.id > 100 and client.id % 19 == 0)


def add_services(world: World, client: Client) -> None:
    """Servers, domains and known addresses of a client."""
    if silent(client):
        return
    rng = world.rng
    for _ in range(rng.randrange(1, 4)):
        begun = world.within(client.created, client.closed)
        ended = client.closed or (world.within(begun) if world.often(20) else None)
        domain = f"{persons.plain(client.who.last)[:20] or 'x'}{rng.randrange(1000)}.example"
        user, ip = f"u{client.id:05d}", persons.ip(rng)
        service = {"domain": domain, "dedicatedip": ip, "username": user, "regdate": epoch(begun)}
        world.add("tblhosting", userid=client.id, terminationdate=epoch(ended), **service)
        if world.often(50):
            registrant = f"{client.who.name}, {client.who.address}"
            until = epoch(begun + timedelta(days=366 * rng.randrange(1, 5)))
            world.add(
                "tbldomains",
                userid=client.id,
                domain=domain,
                registrant=registrant,
                registrationdate=epoch(begun),
                expirydate=until,
            )
    for _ in range(rng.randrange(1, 10)):
        recent = max(client.created, world.ago(500))
        seen = world.within(client.created if client.closed else recent, client.closed)
        world.add("tblknownips", userid=client.id, ipaddr=persons.ip(rng), lastseen=epoch(seen))


def add_contacts(world: World, client: Client) -> None:
    """Tickets, recorded calls, identity documents and the newsletter of a client."""
    if silent(client):
        return
    rng = world.rng
    for _ in range(rng.choice((0, 0, 1, 2, 3, 4))):
        add_ticket(world, world.within(client.created, client.closed), client)
    if world.often(60) or client.id == 43:
        when = world.ago(700) if client.id == 43 else world.ago(rng.randrange(300))
        add_call(world, client.id, client.who.phone, when)
    if world.often(45):
        added = world.within(client.created, client.closed)
        checked = added + timedelta(hours=rng.randrange(1, 90)) if world.often(60) else None
        add_document(world, client.id, epoch(added), epoch(checked))
    if world.often(50):
        add_subscriber(world, client.who.email, world.ago(rng.randrange(1_400)))


def add_ticket(world: World, when: datetime | None, client: Client | None) -> None:
    """A ticket and its answers; a guest leaves name and e-mail in the row."""
    rng = world.rng
    guest = persons.person(rng, 500_000 + len(world.rows["tbltickets"]), COUNTRIES)
    asker: dict[str, object] = {"requestor_type": "Guest", "requestor_id": 0}
    asker |= {"name": guest.name, "email": guest.email}
    if client:
        asker = {"requestor_type": "Client", "requestor_id": client.id, "name": "", "email": ""}
    signature = client.who.name if client else guest.name
    replies = rng.randrange(4)
    first = when - timedelta(hours=30 * replies) if when else None
    ticket = world.add(
        "tbltickets",
        tid=f"{rng.randrange(10**6):06d}",
        ipaddress=persons.ip(rng),
        title=world.one_of(("Server is down", "Arve küsimus", "Facture en double", "rDNS for my IP")),
        message=f"Hello,\nmy server does not answer since last night.\n-- \n{signature}",
        date=epoch(first),
        lastreply=epoch(when),
        **asker,
    )
    for turn in range(replies, 0, -1):
        by_staff = turn % 2 == 1
        person = {"requestor_type": "Staff", "requestor_id": rng.randrange(1, 60), "name": "", "email": ""}
        world.add(
            "tblticketreplies",
            tid=ticket,
            message="Fixed, please try again." if by_staff else f"Still down. {signature}",
            date=epoch(when - timedelta(hours=30 * (turn - 1))) if when else 0,
            **(person if by_staff else asker),
        )


def add_call(world: World, userid: int, phone: str, when: datetime | None) -> None:
    """A recorded call; the sound lies in a file."""
    file = f"{persons.token(world.rng, 12)}.opus"
    length = world.rng.randrange(20, 1_800)
    world.add("tblcalls", userid=userid, phonenumber=phone, recording=file, seconds=length, date=epoch(when))


def add_document(world: World, userid: int, uploaded: int, verified: int) -> None:
    """A copy of an identity document; the picture lies in a file."""
    kind = world.one_of(("passport", "id_card", "residence"))
    name = f"{userid}-{persons.token(world.rng, 8)}.jpg"
    world.add("tblids", userid=userid, kind=kind, filename=name, uploaded_at=uploaded, verified_at=verified)


def add_subscriber(world: World, email: str, last: datetime | None) -> None:
    """An address on the newsletter; one in six left it."""
    begun = last - timedelta(days=world.rng.randrange(1, 900)) if last else None
    left = epoch(last) if world.often(16) else 0
    world.add(
        "tblnewsletter",
        email=email,
        language=world.one_of(("et", "en", "fr", "ru")),
        subscribed_at=epoch(begun),
        lastcontact=epoch(last),
        unsubscribed_at=left,
    )


def add_papers(world: World, clients: list[Client]) -> None:
    """Orders and invoices by date; 61 to 63 own those of the limits."""
    rng = world.rng
    first = dates.first_kept_fiscal(world.today, SEVEN_YEARS, 12, 31)
    by_id = {client.id: client for client in clients}
    dated: list[tuple[datetime, Client]] = []
    for when in paper_edges(world, first):
        kept = when >= dates.at(first, dates.MIDNIGHT, world.zone)
        dated += [(when, by_id[key]) for key in ((61, 62) if kept else (63,))]
    for client in clients:
        several = client.id in (42, *range(1, 30)) or (client.id > 300 and client.id % 2 == 0)
        if several or 201 <= client.id < 300:
            for _ in range(rng.randrange(2, 13) if several else 1):
                dated.append((world.within(client.created, client.closed), client))
    dated.sort(key=lambda pair: (pair[0], pair[1].id))
    for place, (when, client) in enumerate(dated, 1):
        add_paper(world, client, when, f"{when.astimezone(world.zone).year}-{place:05d}")
    for place in range(1, 4):
        add_paper(world, by_id[64], None, f"DRAFT-{place}")


def paper_edges(world: World, first: date) -> list[datetime]:
    """The seconds around the turn of the oldest kept year and of others, 29 Februaries, the future."""
    found = [*dates.edges(world.today, SEVEN_YEARS, world.zone), *dates.limit_edges(first, world.zone)]
    for day in dates.day_edges(world.today, first):
        found.append(dates.at(day, dates.NOON, world.zone))
    return list(dict.fromkeys(found))


def add_paper(world: World, client: Client, when: datetime | None, number: str) -> None:
    """An order and its invoice, with the client as they were on that day."""
    rng, cents = world.rng, [world.rng.randrange(300, 20_000) for _ in range(world.rng.randrange(1, 3))]
    total = sum(cents) / 100
    order = {"amount": total, "ipaddress": persons.ip(rng), "status": "Active"}
    promo = world.one_of(("", "", "KEVAD24"))
    world.add(
        "tblorders",
        userid=client.id,
        ordernum=f"{rng.randrange(10**8)}",
        date=epoch(when),
        promocode=promo,
        **order,
    )
    invoice = world.add(
        "tblinvoices",
        userid=client.id,
        invoicenum=number,
        date=epoch(when),
        datepaid=epoch(when + timedelta(days=3)) if when and world.often(90) else 0,
        total=total,
        paymentmethod=world.one_of(("banktransfer", "card", "paypal")),
        clientname=client.who.name,
        clientemail=client.who.email,
        clientaddress=client.who.address,
    )
    for price in cents:
        line = {"type": "Hosting", "relid": 0, "description": "VPS 2 GB", "amount": price / 100}
        world.add("tblinvoiceitems", invoiceid=invoice, userid=client.id, **line)


def add_log(world: World, clients: list[Client]) -> None:
    """What clients did, of sixteen months; the held and the busy ones also long ago."""
    rng = world.rng
    active = [client for client in clients if not client.closed and not silent(client)]
    for _ in range(22_000 * world.scale):
        client = rng.choice(active)
        days = rng.randrange(365) if world.often(75) else rng.randrange(365, 480)
        log(world, client.id if world.often(92) else 0, world.ago(days), client.who.name)
    for client in clients:
        if client.id in (42, 43, 44, 45):
            for _ in range(2_300 if client.id == 45 else 25):
                log(world, client.id, world.within(client.created, client.closed), client.who.name)
    for _ in range(20):
        log(world, DELETED_BY_HAND, world.ago(rng.randrange(700)), "?")


def log(world: World, userid: int, when: datetime | None, name: str) -> None:
    """One line of the activity log, which names the client in its text."""
    text = f"{world.one_of(STEPS)} - {name} [User ID: {userid}]"
    world.add(
        "tblactivitylog", userid=userid, ipaddr=persons.ip(world.rng), date=epoch(when), description=text
    )


def add_outsiders(world: World) -> None:
    """People without an account: guests with a ticket, reporters of abuse, readers of the newsletter."""
    rng = world.rng
    for place in range(420 * world.scale):
        add_ticket(world, world.ago(rng.randrange(1_500)), None)
        add_abuse(world, world.ago(rng.randrange(600)), place)
    for place in range(500 * world.scale):
        reader = persons.person(rng, 700_000 + place, COUNTRIES)
        add_subscriber(world, reader.email, world.ago(rng.randrange(1_800)))


def add_abuse(world: World, when: datetime | None, place: int) -> None:
    """A notice of abuse: the reporter, and the client whose address it names."""
    rng = world.rng
    reporter = persons.person(rng, 600_000 + place, COUNTRIES)
    world.add(
        "tblabuse",
        reporter_name=reporter.name,
        reporter_email=reporter.email,
        reported_ip=persons.ip(rng),
        userid=rng.randrange(1, 60) if world.often(60) else 0,
        notice="Port scan seen from your network, log attached.",
        date=epoch(when),
    )


def add_edges(world: World, clients: list[Client]) -> None:
    """Rows at every edge of the limits that are not the client's own, and three without a date."""
    owner, blank = clients[0], (None, None, None)
    for when in (*dates.edges(world.today, YEAR, world.zone), *blank):
        log(world, owner.id, when, owner.who.name)
        world.add("tblknownips", userid=owner.id, ipaddr=persons.ip(world.rng), lastseen=epoch(when))
        begun = epoch(when - timedelta(days=90)) if when else 0
        service = {"domain": "edge.example", "dedicatedip": persons.ip(world.rng), "username": "u00001"}
        world.add("tblhosting", userid=owner.id, regdate=begun, terminationdate=epoch(when), **service)
        add_abuse(world, when, 90_000 + len(world.rows["tblabuse"]))
    for when in (*dates.edges(world.today, THREE_YEARS, world.zone), *blank):
        add_ticket(world, when, owner)
        add_ticket(world, when, None)
        reader = persons.person(world.rng, 800_000 + len(world.rows["tblnewsletter"]), COUNTRIES)
        add_subscriber(world, reader.email, when)
    for when in (*dates.edges(world.today, SIX_MONTHS, world.zone), *blank):
        add_call(world, owner.id, owner.who.phone, when)
    for when in (*dates.edges(world.today, THIRTY_DAYS, world.zone), *blank):
        sent = epoch(when - timedelta(days=2)) if when else epoch(world.ago(40))
        add_document(world, owner.id, sent, epoch(when))
    for _ in range(3):
        world.add("tblknownips", userid=DELETED_BY_HAND, ipaddr="192.0.2.77", lastseen=epoch(world.ago(200)))


if __name__ == "__main__":
    main(build, __file__)
