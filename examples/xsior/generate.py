"""The database of XSIOR, made up from a date.

    python examples/xsior/generate.py [URL] [--today YYYY-MM-DD] [--scale N]

Without a URL it writes xsior.db beside this file. All timestamps are naive and in UTC; days
are days in Paris. Limits that have rows on both sides:

    customers.service_ended_at                five years       NULL: running
    latest of logins.at and api_calls.at, else users.created_at
                                              three years      created_at NULL: missing
    logins.at                                 one year         NULL: missing
    connection_logs.at                        one year         NULL: missing
    transactions.completed_at                 five and ten years          NULL: pending
    invoices.issued_on                        ten years from the end of the year (31 December)
                                                               NULL: missing
    prospects.last_contact_at (from them), else collected_at
                                              three years      NULL: never; missing
    prospects.last_mailed_at                  none: we wrote to them
    newsletter_subscribers.last_contact_at, else subscribed_at
                                              three years      NULL: never; missing
    newsletter_subscribers.unsubscribed_at    three years      NULL: subscribed
    users.birth_date                          fifteenth birthday          NULL: not asked

Beside a SQLite file it writes logs/gateway, connections as JSON: weekly files, rotated and
packed, with lines on both sides of one year.

Customers and users with a part of their own; user 42 belongs to customer 42, and so on:

    42        in litigation: service ended seven years ago, user inactive for four (to be held)
    43        under an authority's order: the same                               (to be held)
    44        restricted at the person's request: the same                       (to be held)
    user 45   inactive for four years, with 2,300 API calls, more than a page
    user 46   created four years ago, nothing else was ever recorded
    47, 48    jose@ and josé@ of the same domain: two persons; user 47 is inactive, 48 active
    49, 50    no date of creation and no activity
    user 51   active 400 days ago and never since: only log-ins show it, and they are past a year
    user 52   created five years ago, its log-ins are gone, wrote a comment last month
    user 53   API calls only before three years, and a log-in last week: active
    61, 62    customers with the transactions of every limit; 61 is a sole trader
    63        customer all of whose invoices are past ten years; 64 owns invoices without a date
    customers 101…  sole traders whose service ended on each edge of five years; 151… companies
    users 101…      created on each edge of three years, no activity
    users 151…      last API call on each edge of three years, no log-in left
    users 201…      fifteen years old around today; every other has a parent's consent
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples import dates, logs, persons
from examples.dates import utc
from examples.tables import fill, main
from examples.world import World
from examples.xsior.schema import metadata

__all__ = ["build", "metadata", "write_logs"]

LOGS = "logs/gateway"

YEAR, THREE_YEARS = dates.Period(years=1), dates.Period(years=3)
FIVE_YEARS, TEN_YEARS = dates.Period(years=5), dates.Period(years=10)
AGE_OF_CONSENT = dates.Period(years=15)

HELD = (42, 43, 44)
COUNTRIES = "FR FR GB"
IMPORTED_AT_ONCE = 2_400
"""Old lines of one log import, all with the same second."""


def build(url: str, today: date, scale: int = 1) -> dict[str, int]:
    """Write the whole database as of `today`; the number of rows by table."""
    world = World("xsior", metadata, today, scale, dates.PARIS)
    add_customers(world)
    add_named_users(world)
    add_edge_users(world)
    add_minors(world)
    add_other_users(world)
    add_invoices(world)
    add_money_edges(world)
    add_prospects(world)
    add_logs(world)
    add_tickets(world)
    counts = fill(url, metadata, world.rows)
    beside = logs.beside(url)
    if beside is not None:
        write_logs(beside, today, scale)
    return counts


def write_logs(folder: Path, today: date, scale: int = 1) -> int:
    """Write what the gateway logged of fifteen months into logs/gateway; the number of lines."""
    world = World("xsior logs", metadata, today, scale, dates.PARIS)
    moments = dates.edges(today, YEAR, dates.PARIS)
    moments += [world.ago(world.rng.randrange(456)) for _ in range(2_000 * scale)]
    entries = [(when, log_line(world, when)) for when in moments]
    return logs.write(folder / LOGS, "connections.log", logs.dated, entries, today, dates.PARIS)


def log_line(world: World, when: datetime) -> str:
    """One connection, as JSON; some fail, and say so on lines of their own."""
    rng, stamp = world.rng, f"{when:%Y-%m-%dT%H:%M:%S}Z"
    line = json.dumps({"timestamp": stamp, "user": rng.randrange(1, 300), "ip": persons.ip(rng)})
    return line if rng.randrange(60) else f"{line}\nupstream timed out\n  at gateway.js:114"


def add_customers(world: World) -> None:
    """Customers and their contacts; one in eight has no contact."""
    rng = world.rng
    for key in range(1, 101):
        end = world.ago(2_600 + key) if key in HELD else None
        add_customer(world, key, world.ago(4_300 + key), end, sole=key in (42, 61, 64) or world.often(30))
    for base in (101, 151):
        for place, end in enumerate(dates.edges(world.today, FIVE_YEARS, world.zone)):
            add_customer(world, base + place, end - timedelta(days=900), end, sole=base == 101)
    for place in range(360 * world.scale):
        begun = world.ago(rng.randrange(20, 4_000))
        end = world.within(begun) if world.often(30) else None
        add_customer(world, 301 + place, begun, end, sole=world.often(30))


def add_customer(world: World, key: int, begun: datetime, ended: datetime | None, *, sole: bool) -> None:
    """One customer: a sole trader bears the name of a person."""
    boss, firm = persons.person(world.rng, key, COUNTRIES), persons.company(world.rng)
    world.add(
        "customers",
        id=key,
        legal_name=boss.name if sole else firm.name,
        is_sole_trader=sole,
        country=boss.country,
        vat_number=firm.vat,
        iban=persons.iban(world.rng) if world.often(50) else None,
        service_started_at=utc(begun),
        service_ended_at=utc(ended),
    )
    for turn in range(0 if key > 60 and key % 8 == 0 else 1 + world.rng.randrange(3)):
        who = boss if turn == 0 else persons.person(world.rng, 400_000 + 10 * key + turn, COUNTRIES)
        world.add(
            "contacts",
            customer_id=key,
            first_name=who.first,
            last_name=who.last,
            job_title=world.one_of(("CEO", "Gérante", "DPO", "Office manager", None)),
            work_email=who.email,
            work_phone=who.phone,
            business_address=boss.address,
            created_at=utc(begun),
        )


def add_user(
    world: World,
    key: int,
    created: datetime | None,
    customer: int | None,
    born: date | None = None,
    *,
    waits: bool = False,
) -> None:
    """The row of a user; one who `waits` for a parent's consent has no password yet."""
    who = persons.person(world.rng, 10_000 + key, COUNTRIES)
    special = {47: "jose@atelier.example", 48: "josé@atelier.example", 44: "RESTRICTED.Zoë@Example.ORG"}
    world.add(
        "users",
        id=key,
        customer_id=customer,
        email=special.get(key, who.email),
        display_name=who.name,
        password_hash=None if waits else f"$argon2id$v=19$m=65536$t=3$p=4${persons.token(world.rng, 43)}",
        birth_date=born,
        created_at=utc(created),
    )


def log_in(world: World, user: int, when: datetime | None) -> None:
    """One log-in."""
    world.add("logins", user_id=user, at=utc(when), ip=persons.ip(world.rng))


def call_api(world: World, user: int, when: datetime | None) -> None:
    """One call of the API."""
    endpoint = world.one_of(("/v1/leads", "/v1/campaigns", "/v1/export", "/v2/contacts/search"))
    world.add("api_calls", user_id=user, at=utc(when), endpoint=endpoint)


def be_active(world: World, user: int, created: datetime) -> None:
    """Log-ins of the last fourteen months, and calls of up to four years."""
    for _ in range(world.rng.randrange(4, 28)):
        days = world.rng.randrange(364) if world.often(82) else world.rng.randrange(364, 425)
        log_in(world, user, max(world.ago(days), created))
    for _ in range(world.rng.randrange(14)):
        call_api(world, user, world.within(max(created, world.ago(1_460))))


def add_named_users(world: World) -> None:
    """The users 1 to 100: ordinary active ones, and those listed above."""
    for key in range(1, 101):
        created = None if key in (49, 50) else world.ago(1_900 + key)
        if key in (46, 52):
            created = world.ago(1_500)
        add_user(world, key, created, key if key != 46 else None)
        if key in (45, *HELD, 47):
            for _ in range(2_300 if key == 45 else 12):
                call_api(world, key, world.ago(world.rng.randrange(1_400, 1_850)))
        elif key == 51:
            log_in(world, key, world.ago(400))
        elif key == 53:
            call_api(world, key, world.ago(1_300))
            log_in(world, key, world.ago(6))
        elif created and key not in (46, 52):
            be_active(world, key, created)


def add_edge_users(world: World) -> None:
    """Users whose last sign of life lies on each edge of three years."""
    for place, when in enumerate(dates.edges(world.today, THREE_YEARS, world.zone)):
        add_user(world, 101 + place, when, None)
        add_user(world, 151 + place, when - timedelta(days=800), None)
        call_api(world, 151 + place, when)
        for _ in range(3):
            call_api(world, 151 + place, when - timedelta(days=world.rng.randrange(1, 700)))


def add_minors(world: World) -> None:
    """Users whose fifteenth birthday lies around today; every other has a parent's consent, the rest waits for it."""
    birthday = dates.first_kept(world.today, AGE_OF_CONSENT)
    leap = dates.leap_days(birthday + timedelta(days=1_500), 2)
    days = [birthday + timedelta(days=shift) for shift in (-366, -2, -1, 0, 1, 2, 365)]
    for place, born in enumerate([*days, *leap, *days]):
        key, created = 201 + place, world.ago(100)
        add_user(world, key, created, None, born, waits=place % 2 == 1)
        if place % 2 == 0:
            be_active(world, key, created)
            parent = persons.person(world.rng, 30_000 + place, COUNTRIES)
            consent = {"parent_name": parent.name, "parent_email": parent.email, "method": "signed form"}
            world.add("parental_consents", user_id=key, given_at=utc(created), **consent)


def add_other_users(world: World) -> None:
    """The rest, from 301: three in four active, the others without any log-in left."""
    rng = world.rng
    customers = [row["id"] for row in world.rows["customers"] if row["service_ended_at"] is None]
    for key in range(301, 301 + 640 * world.scale):
        active = world.often(75)
        created = world.ago(rng.randrange(20, 1_700) if active else rng.randrange(450, 2_200))
        customer = world.one_of(customers) if world.often(80) else None
        born = dates.day_between(rng, date(1950, 1, 1), date(2008, 1, 1)) if world.often(40) else None
        add_user(world, key, created, customer if isinstance(customer, int) else None, born)
        if active:
            be_active(world, key, created)
        elif world.often(50):
            last = world.within(created, world.ago(430))
            for _ in range(rng.randrange(1, 20)):
                call_api(world, key, world.within(created, last))


def add_invoices(world: World) -> None:
    """Invoices by date with their payment; 61 to 64 own those of the limits."""
    rng, today = world.rng, world.today
    first = dates.first_kept_fiscal(today, TEN_YEARS, 12, 31)
    dated = [(day, 61 if day >= first else 63) for day in dates.day_edges(today, first)]
    for row in world.rows["customers"]:
        key, begun, ended = row["id"], row["service_started_at"], row["service_ended_at"]
        if not isinstance(key, int) or not isinstance(begun, datetime) or (key > 44 and key % 2):
            continue
        end = ended.date() if isinstance(ended, datetime) else today
        for _ in range(rng.randrange(2, 17)):
            dated.append((min(dates.day_between(rng, begun.date(), end), today), key))
    dated.sort()
    for place, (day, key) in enumerate(dated, 1):
        add_invoice(world, key, day, f"XS-{day.year}-{place:05d}")
    for place in range(1, 4):
        add_invoice(world, 64, None, f"XS-OLD-{place}")


def add_invoice(world: World, customer: int, day: date | None, number: str) -> None:
    """One invoice, with the buyer of that day, and its payment some days later."""
    cents, buyer = world.rng.randrange(900, 90_000), persons.person(world.rng, customer, COUNTRIES)
    snapshot = {"buyer_name": buyer.name, "buyer_address": buyer.address, "total": cents / 100}
    invoice = world.add("invoices", customer_id=customer, number=number, issued_on=day, **snapshot)
    if day and world.often(92):
        paid = dates.at(day, dates.NOON, world.zone) + timedelta(days=world.rng.randrange(30))
        pay(world, customer, invoice, paid if paid < world.now else None, cents)


def pay(world: World, customer: int, invoice: int | None, when: datetime | None, cents: int) -> None:
    """One payment; no number or code of a card is here."""
    iban = persons.iban(world.rng) if world.often(60) else None
    money = {"iban": iban, "amount": cents / 100, "completed_at": utc(when)}
    world.add("transactions", customer_id=customer, invoice_id=invoice, **money)


def add_money_edges(world: World) -> None:
    """Payments completed at every edge of five and of ten years, and three that are pending."""
    for customer in (61, 62):
        for period in (FIVE_YEARS, TEN_YEARS):
            for when in (*dates.edges(world.today, period, world.zone), None, None, None):
                pay(world, customer, None, when, 4_200)


def add_prospects(world: World) -> None:
    """Prospects and subscribers: every edge, alone and hidden behind our own mails; some without a date."""
    for when in dates.edges(world.today, THREE_YEARS, world.zone):
        earlier, lately = when - timedelta(days=400), world.ago(20)
        for collected, heard, mailed in ((when, None, None), (earlier, when, lately), (when, None, lately)):
            add_prospect(world, collected, heard, mailed)
        add_prospect(world, earlier, world.ago(30), None)
        for joined, heard, left in ((when, None, None), (earlier, when, None), (earlier, earlier, when)):
            add_subscriber(world, joined, heard, left)
    for _ in range(3):
        add_prospect(world, None, None, world.ago(10))
        add_subscriber(world, None, None, None)
    for _ in range(1_900 * world.scale):
        begun = world.ago(world.rng.randrange(1_600))
        heard = world.within(begun) if world.often(40) else None
        add_prospect(world, begun, heard, world.within(begun) if world.often(70) else None)
    for _ in range(1_400 * world.scale):
        begun = world.ago(world.rng.randrange(1_700))
        heard = world.within(begun) if world.often(70) else None
        add_subscriber(world, begun, heard, world.within(begun) if world.often(12) else None)


def add_prospect(
    world: World, collected: datetime | None, heard: datetime | None, mailed: datetime | None
) -> None:
    """Somebody who might buy: when we got the address, heard from them, wrote to them."""
    who = persons.person(world.rng, 600_000 + len(world.rows["prospects"]), COUNTRIES)
    times = {"collected_at": utc(collected), "last_contact_at": utc(heard), "last_mailed_at": utc(mailed)}
    phone, source = who.phone if world.often(60) else None, world.one_of(("salon", "form", "purchased list"))
    world.add("prospects", full_name=who.name, email=who.email, phone=phone, source=source, **times)


def add_subscriber(
    world: World, joined: datetime | None, heard: datetime | None, left: datetime | None
) -> None:
    """A reader of the newsletter."""
    who = persons.person(world.rng, 700_000 + len(world.rows["newsletter_subscribers"]), COUNTRIES)
    times = {"subscribed_at": utc(joined), "last_contact_at": utc(heard), "unsubscribed_at": utc(left)}
    text = world.one_of(("2021-03", "2023-09"))
    world.add("newsletter_subscribers", email=who.email, consent_text=text, **times)


def add_logs(world: World) -> None:
    """Technical logs of fourteen months with every edge, and the edges of log-ins."""
    for when in (*dates.edges(world.today, YEAR, world.zone), None, None, None):
        log_in(world, 1, when)
        for user in (None, 1):
            add_line(world, user, when)
    for user in HELD:
        for _ in range(20):
            add_line(world, user, world.ago(world.rng.randrange(1_400, 1_800)))
    imported = datetime(world.today.year - 2, 6, 30, 22, 30, tzinfo=dates.PARIS)
    for _ in range(IMPORTED_AT_ONCE):
        add_line(world, None, imported)
    for _ in range(17_000 * world.scale):
        days = world.rng.randrange(364) if world.often(78) else world.rng.randrange(364, 425)
        add_line(world, world.rng.randrange(1, 40) if world.often(30) else None, world.ago(days))


def add_line(world: World, user: int | None, when: datetime | None) -> None:
    """One line of the connection log."""
    path = world.one_of(("/", "/pricing", "/login", "/app", "/blog/café-&-crm"))
    world.add("connection_logs", user_id=user, ip=persons.ip(world.rng), at=utc(when), path=path)


def add_tickets(world: World) -> None:
    """Tickets, answered by other users too; user 52 wrote last month."""
    keys = [row["id"] for row in world.rows["users"] if row["id"] not in (46, *range(101, 201))]
    for turn in range(800 * world.scale):
        opened = world.ago(world.rng.randrange(1_500))
        closed = opened + timedelta(hours=world.rng.randrange(1, 300)) if world.often(85) else None
        subject = world.one_of(("Import of contacts fails", "Facture à refaire", "API key leaked?"))
        asker = world.one_of(keys) if world.often(95) else None
        times = {"opened_at": utc(opened), "closed_at": utc(closed)}
        ticket = world.add("tickets", user_id=asker, subject=subject, **times)
        for hours in range(world.rng.randrange(5)):
            author, written = world.one_of((asker, world.one_of(keys))), opened + timedelta(hours=hours)
            body = "Same here, since the update.\n-- \nsent from my phone"
            world.add("comments", ticket_id=ticket, author_id=author, body=body, written_at=utc(written))
        if turn == 0:
            late = utc(world.ago(25))
            world.add("comments", ticket_id=ticket, author_id=52, body="Any news?", written_at=late)


if __name__ == "__main__":
    main(build, __file__)
