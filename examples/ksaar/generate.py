"""The database of Ksaar, made up from a date.

    python examples/ksaar/generate.py [URL] [--today YYYY-MM-DD] [--scale N]

Without a URL it writes ksaar.db beside this file. Limits that have rows on both sides, by
local time in Paris (i: aware timestamp, m: milliseconds since 1970, d: a day):

    users.account_closed_at          i  ninety days             NULL: open
    users.account_deleted_at         i  three and five years    NULL: not deleted
    users.unsubscribed_at            i  three and five years    NULL: not unsubscribed
    users.last_use                   m  one year                0: never
    connection_logs.at               m  one year                0: missing
    prospects.collected_at           i  three years             NULL: missing
    prospects.last_contact_at        i  three years             NULL: never heard of
    prospect_messages.sent_at, direction 'in'
                                     i  three years
    cookie_consents.given_at         i  thirteen months         NULL: missing
    invoices.issued_on               d  ten years from the end of the year (31 December)   NULL: missing

Users are known by a UUID. The first thousand end in their number, so that user 42 is
00000000-0000-4000-8000-000000000042. Those with a part of their own:

    42        in litigation: deleted six years ago, invoices, old log              (to be held)
    43        under an authority's order: closed 200 days ago, old log             (to be held)
    44        restricted at the person's request: deleted five and a half years ago (to be held)
    45        deleted six years ago, with 2,300 lines of connection log, more than a page
    46        closed two years ago, nothing else was ever recorded
    47, 48    jose@ and josé@ of the same domain: two persons; 47 is deleted over five years, 48 open
    49, 50    no date of creation, never used the service
    51        unsubscribed six years ago, yet the account is open and in use
    52        in three tenants; its address also occurs in records of customers
    61        open, with the invoices of every limit that are kept
    62        deleted over five years, with the invoices of every limit that are kept
    63        deleted over twelve years, all of whose invoices are past ten years
    64        deleted over five years, owns the invoices that lack a date
    101…      closed on each edge of ninety days
    151…      deleted on each edge of three years; 201… of five years
    251…      unsubscribed, but open, on each edge of three years; 301… of five years
    351…      deleted seven years ago, unsubscribed on each edge of five years
    401…      last use on each edge of one year
"""

from __future__ import annotations

import sys
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples import dates, persons
from examples.ksaar.schema import metadata
from examples.tables import fill, main
from examples.world import World

__all__ = ["build", "metadata", "user_id"]

YEAR, THREE_YEARS = dates.Period(years=1), dates.Period(years=3)
FIVE_YEARS, TEN_YEARS = dates.Period(years=5), dates.Period(years=10)
NINETY_DAYS, THIRTEEN_MONTHS = dates.Period(days=90), dates.Period(months=13)

SILENT = (46, 49, 50)
CHOICES = (
    {"necessary": True, "audience": True, "marketing": True},
    {"necessary": True, "audience": True},
    {"necessary": True},
)


@dataclass(slots=True)
class User:
    """One user of Ksaar and what became of the account."""

    id: str
    number: int
    tenant: int
    who: persons.Person
    created: datetime
    closed: datetime | None = None
    deleted: datetime | None = None
    unsubscribed: datetime | None = None
    last_use: datetime | None = None

    @property
    def end(self) -> datetime | None:
        """When the account ended, if it did."""
        return self.closed or self.deleted


def user_id(number: int) -> str:
    """The UUID of one of the first thousand users."""
    return f"00000000-0000-4000-8000-{number:012d}"


def build(url: str, today: date, scale: int = 1) -> dict[str, int]:
    """Write the whole database as of `today`; the number of rows by table."""
    world = World("ksaar", metadata, today, scale, dates.PARIS)
    for _ in range(110 * world.scale):
        firm = persons.company(world.rng)
        founded = world.ago(4_600 + world.rng.randrange(300))
        world.add("tenants", name=firm.name, siret=f"{firm.siren}00017", created_at=founded)
    users = [*named_users(world), *edge_users(world), *other_users(world)]
    for user in users:
        add_user(world, user)
    for user in users:
        if user.number not in SILENT and not (user.number > 400 and user.number % 19 == 0):
            add_life(world, user)
    add_apps(world, [user for user in users if not user.end])
    add_invoices(world, users)
    add_prospects(world)
    add_cookies(world)
    add_log_edges(world, users[0])
    return fill(url, metadata, world.rows)


def new_user(world: World, number: int, created: datetime) -> User:
    """A user of some tenant, open so far."""
    key = user_id(number)
    if number >= 1_000:
        key = str(uuid.UUID(int=world.rng.getrandbits(128), version=4))
    who = persons.person(world.rng, number)
    return User(key, number, world.rng.randrange(1, len(world.rows["tenants"]) + 1), who, created)


def named_users(world: World) -> list[User]:
    """The users 1 to 100: ordinary open ones, and those listed above."""
    closed = {43: 200, 46: 700}
    deleted = {42: 2_200, 44: 2_010, 45: 2_300, 47: 2_000, 62: 2_100, 63: 4_420, 64: 1_950}
    found = []
    for number in range(1, 101):
        user = new_user(world, number, world.ago(4_500 + number))
        if number in closed:
            user.closed = world.ago(closed[number])
        if number in deleted:
            user.closed = world.ago(deleted[number])
            user.deleted = user.closed + timedelta(hours=20)
        if number == 51:
            user.unsubscribed = world.ago(2_200)
        if number not in SILENT:
            user.last_use = user.end - timedelta(days=3) if user.end else world.ago(world.rng.randrange(300))
        found.append(user)
    return found


def edge_users(world: World) -> list[User]:
    """Users whose account ended, or who unsubscribed, on the edges."""
    found = []
    plan = ((101, NINETY_DAYS), (151, THREE_YEARS), (201, FIVE_YEARS), (251, THREE_YEARS), (301, FIVE_YEARS))
    for base, period in (*plan, (351, FIVE_YEARS), (401, YEAR)):
        for place, when in enumerate(dates.edges(world.today, period, world.zone)):
            user = new_user(world, base + place, when - timedelta(days=world.rng.randrange(100, 900)))
            user.last_use = when - timedelta(days=5)
            if base <= 201:
                user.closed, user.deleted = when, when if base > 101 else None
            elif base == 401:
                user.last_use = when
            else:
                user.unsubscribed = when
            if base == 351:
                user.created, user.deleted = world.ago(3_000), world.ago(2_600)
                user.closed, user.last_use = user.deleted, user.deleted
            found.append(user)
    return found


def other_users(world: World) -> list[User]:
    """The rest, from 1001: four in five open; one in nine of all unsubscribed."""
    found = []
    for number in range(1_001, 1_001 + 600 * world.scale):
        user = new_user(world, number, world.ago(world.rng.randrange(20, 3_600)))
        if world.often(20):
            user.closed = world.within(user.created)
            gone = user.closed + timedelta(days=world.rng.randrange(90))
            user.deleted = gone if gone < world.now else None
        elif world.often(90):
            user.last_use = world.within(max(user.created, world.ago(700)))
        user.unsubscribed = world.within(user.created) if world.often(11) else None
        found.append(user)
    return found


def add_user(world: World, user: User) -> None:
    """The row of a user, and the tenants they belong to."""
    who, firm, number = user.who, persons.company(world.rng), user.number
    emails = {47: "jose@atelier.example", 48: "josé@atelier.example", 44: "RESTREINT.Zoé@Example.ORG"}
    world.add(
        "users",
        id=user.id,
        tenant_id=user.tenant,
        email=emails.get(number, who.email),
        first_name=who.first,
        last_name=who.last,
        phone=who.phone if world.often(70) else None,
        profession=world.one_of(("comptable", "chargée d'affaires", "CEO", "développeur", None)),
        company=firm.name,
        siret=f"{firm.siren}00025" if world.often(50) else None,
        password_hash=f"$2b$12${persons.token(world.rng, 53)}",
        last_use=dates.milliseconds(user.last_use),
        created_at=None if number in (49, 50) else user.created,
        account_closed_at=user.closed,
        account_deleted_at=user.deleted,
        unsubscribed_at=user.unsubscribed,
    )
    tenants = {user.tenant}
    while len(tenants) < (3 if number == 52 else world.one_of((1, 1, 1, 1, 2))):
        tenants.add(world.rng.randrange(1, len(world.rows["tenants"]) + 1))
    for tenant in sorted(tenants):
        role = world.one_of(("admin", "builder", "reader"))
        world.add("memberships", tenant_id=tenant, user_id=user.id, role=role, joined_at=user.created)


def add_life(world: World, user: User) -> None:
    """What a user did and what was noted about them."""
    rng, end = world.rng, user.end
    if user.last_use:
        for _ in range(2_300 if user.number == 45 else rng.randrange(1, 20)):
            earliest = max(user.created, user.last_use - timedelta(days=rng.choice((60, 60, 200))))
            log(world, user.id, world.within(earliest, user.last_use))
        log(world, user.id, user.last_use)
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        written = world.within(user.created, end)
        body = f"Appel avec {user.who.first} : « à rappeler »"
        world.add("relationship_notes", user_id=user.id, author="Commercial", body=body, written_at=written)
    if world.often(35):
        review = {
            "channel": world.one_of(("site", "LinkedIn", "blog")),
            "rating": world.one_of((None, 1, 4, 5)),
        }
        body, posted = "Très pratique, mais l'export est lent.", world.within(user.created, end)
        world.add("reviews_comments", user_id=user.id, body=body, posted_at=posted, **review)
    if world.often(45):
        begun, reference = world.within(user.created, end), f"sub_{persons.token(rng, 14)}"
        deal = {"plan": world.one_of(("solo", "équipe")), "psp_reference": reference, "ended_at": end}
        world.add("subscriptions", tenant_id=user.tenant, user_id=user.id, started_at=begun, **deal)


def log(world: World, user: str | None, when: datetime | None, late: int = 0) -> None:
    """One connection, `late` milliseconds after `when`; 0 without a date."""
    at = dates.milliseconds(when) + (late if when else 0)
    country = world.one_of(("FR", "FR", "FR", "BE", "CA", None))
    world.add("connection_logs", user_id=user, ip=persons.ip(world.rng), country=country, at=at)


def add_log_edges(world: World, user: User) -> None:
    """Connections at every edge of one year, the last millisecond of a day, and three without a date."""
    for when in (*dates.edges(world.today, YEAR, world.zone), None, None, None):
        for who in (user.id, None):
            log(world, who, when)
    midnight = dates.at(dates.first_kept(world.today, YEAR), dates.MIDNIGHT, world.zone)
    for late in (-1, 1, 999):
        log(world, user.id, midnight, late)
    for number in (42, 43, 44):
        for _ in range(20):
            log(world, user_id(number), world.ago(world.rng.randrange(2_300, 2_600)))
    for _ in range(9_500 * world.scale):
        log(world, None, world.ago(world.rng.randrange(420)))


def add_apps(world: World, owners: list[User]) -> None:
    """Applications of the tenants and the records in them: other people's customers."""
    rng = world.rng
    shared = {"nom": "Réf. partagée", "courriel": next(u.who.email for u in owners if u.number == 52)}
    for place in range(260 * world.scale):
        owner, made = world.one_of(owners), world.ago(rng.randrange(1_500))
        name = world.one_of(("Suivi de chantier", "Planning", "Annuaire des adhérents", "Stock"))
        app = world.add("apps", tenant_id=owner.tenant, owner_id=owner.id, name=name, created_at=made)
        for turn in range(rng.randrange(30, 80)):
            who = persons.person(rng, 300_000 + turn)
            content: dict[str, object] = {"nom": who.name, "courriel": who.email, "tags": ["client", "été"]}
            if turn == 0 and place % 40 == 0:
                content |= shared
            elif world.often(40):
                content = {
                    "nom": who.name,
                    "adresse": {"rue": who.street, "ville": who.city},
                    "téléphone": who.phone,
                }
            record = {"content": content, "created_at": world.within(made)}
            world.add("records", app_id=app, tenant_id=owner.tenant, **record)


def add_invoices(world: World, users: list[User]) -> None:
    """Invoices by date; 61 to 64 own those of the limits."""
    rng, today = world.rng, world.today
    first = dates.first_kept_fiscal(today, TEN_YEARS, 12, 31)
    by_number = {user.number: user for user in users}
    dated: list[tuple[date, int]] = []
    for day in dates.day_edges(today, first):
        dated += [(day, number) for number in ((61, 62) if day >= first else (63,))]
    for user in users:
        several = user.number in (42, 63) or (user.number > 1_000 and user.number % 3 == 0)
        if several or 201 <= user.number < 251:
            for _ in range(rng.randrange(2, 15) if several else 1):
                dated.append(
                    (world.within(user.created, user.end).astimezone(world.zone).date(), user.number)
                )
    dated.sort()
    for place, (day, number) in enumerate(dated, 1):
        add_invoice(world, by_number[number], min(day, dates.plus(today, YEAR)), f"KS{day.year}-{place:05d}")
    for place in range(1, 4):
        add_invoice(world, by_number[64], None, f"KS-REPRISE-{place}")


def add_invoice(world: World, user: User, day: date | None, number: str) -> None:
    """One invoice, with the buyer of that day."""
    buyer = {"buyer_name": user.who.name, "buyer_address": user.who.address}
    total = world.rng.randrange(900, 40_000) / 100
    owner = {"tenant_id": user.tenant, "user_id": user.id}
    world.add("invoices", number=number, issued_on=day, total=total, **owner, **buyer)


def add_prospects(world: World) -> None:
    """Prospects and their letters: every edge, alone and hidden behind our own mails; some without a date."""
    lately = world.ago(15)
    for when in dates.edges(world.today, THREE_YEARS, world.zone):
        earlier = when - timedelta(days=300)
        add_prospect(world, when, None, [])
        add_prospect(world, earlier, when, [("in", when), ("out", lately)])
        add_prospect(world, earlier, None, [("in", when), ("out", lately)])
        add_prospect(world, when, None, [("out", lately)])
        add_prospect(world, earlier, world.ago(50), [])
    for _ in range(3):
        add_prospect(world, None, None, [("out", lately)])
    for _ in range(1_600 * world.scale):
        begun, letters = world.ago(world.rng.randrange(1_600)), []
        for _ in range(world.rng.randrange(5)):
            letters.append((world.one_of(("in", "out", "out")), world.within(begun)))
        heard = max((sent for way, sent in letters if way == "in"), default=None)
        add_prospect(world, begun, heard, letters)


def add_prospect(
    world: World, collected: datetime | None, heard: datetime | None, letters: list[tuple[str, datetime]]
) -> None:
    """Somebody who might buy, and the letters exchanged; 'in' is from them."""
    who = persons.person(world.rng, 600_000 + len(world.rows["prospects"]))
    times = {"collected_at": collected, "last_contact_at": heard}
    prospect = world.add("prospects", name=who.name, email=who.email, phone=who.phone, **times)
    for direction, sent in letters:
        body = f"Bonjour, merci. {who.first}" if direction == "in" else f"Bonjour {who.name}, une démo ?"
        world.add("prospect_messages", prospect_id=prospect, direction=direction, body=body, sent_at=sent)


def add_cookies(world: World) -> None:
    """Choices about cookies by device: every edge of thirteen months, some without a date."""
    rng = world.rng
    given = [*dates.edges(world.today, THIRTEEN_MONTHS, world.zone), None, None, None]
    for _ in range(4_000 * world.scale):
        given.append(world.ago(rng.randrange(390) if world.often(80) else rng.randrange(390, 520)))
    for when in given:
        device = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        until = when + timedelta(days=395) if when else None
        choice = world.one_of(CHOICES)
        world.add("cookie_consents", device_id=device, choice=choice, given_at=when, expires_at=until)


if __name__ == "__main__":
    main(build, __file__)
