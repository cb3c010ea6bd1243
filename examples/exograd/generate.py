"""The database of Exograd, made up from a date.

    python examples/exograd/generate.py [URL] [--today YYYY-MM-DD] [--scale N]

Without a URL it writes exograd.db beside this file. Limits that have rows on both sides,
by local time in Paris:

    visits.visited_at    one year          NULL: the date is missing (3 rows)
    accounts.closed_at   three years       NULL: open
    invoices.issued_on   ten years from the end of the year (31 December); NULL: missing (3 rows)

Beside a SQLite file it writes logs/nginx, what the web servers logged of visits: weekly files,
rotated and packed, with lines on both sides of one year.

Accounts with a part of their own:

    42        in litigation: closed four years ago, invoices, old visits      (to be held)
    43        under an authority's order: closed five years ago, no invoices   (to be held)
    44        restricted at the person's request: closed three and a half years ago (to be held)
    45        closed four years ago with 2,600 rows of usage, more than a page
    46        closed four years ago, nothing else was ever recorded
    47, 48    jose@ and josé@ of the same domain: two persons; 47 is closed over three years, 48 open
    49        open, imported: no creation date (so 50, 51)
    61        open, with recent invoices and those of every limit that are kept
    62        closed over three years, with the invoices of every limit that are kept: a skeleton
    63        closed over three years, all of whose invoices are past ten years
    64        closed over three years, owns the invoices that lack a date
    65…75     closed twelve years ago, with invoices that are all past ten years
    101…      closed at each edge of three years, without invoices
    201…      the same with one invoice each
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples import dates, logs, persons
from examples.exograd.schema import metadata
from examples.tables import fill, main
from examples.world import World

__all__ = ["build", "metadata", "write_logs"]

LOGS = "logs/nginx"

VISITS_KEPT = dates.Period(years=1)
ACCOUNTS_KEPT = dates.Period(years=3)
INVOICES_KEPT = dates.Period(years=10)

IMPORTED_AT_ONCE = 2_400
"""Old visits of one log import, all with the same second."""

SITES = ("www.exograd.example", "docs.exograd.example", "app.exograd.example")
PATHS = (
    "/",
    "/tarifs",
    "/docs/démarrer",
    "/login",
    "/contact?sujet=devis",
    "/blog/2024/été",
    "/mentions-légales",
)
SERVICES = ("dns", "backup", "queue", "mail-relay", "métriques")


@dataclass(slots=True)
class Account:
    """One account and when it lived; `closed` is None while it is open."""

    id: int
    who: persons.Person
    created: datetime
    closed: datetime | None
    email: str = ""

    def until(self, now: datetime) -> datetime:
        """The end of its activity: its closure, or now."""
        return min(self.closed or now, now)


def build(url: str, today: date, scale: int = 1) -> dict[str, int]:
    """Write the whole database as of `today`; the number of rows by table."""
    world = World("exograd", metadata, today, scale, dates.PARIS)
    add_organisations(world)
    accounts = [*named_accounts(world), *edge_accounts(world), *other_accounts(world)]
    for account in accounts:
        add_account(world, account)
    for account in accounts:
        add_life(world, account)
    add_busy_account(world, accounts)
    add_invoices(world, accounts)
    add_visits(world, [a for a in accounts if not a.closed and a.created < world.ago(900)])
    counts = fill(url, metadata, world.rows)
    beside = logs.beside(url)
    if beside is not None:
        write_logs(beside, today, scale)
    return counts


def write_logs(folder: Path, today: date, scale: int = 1) -> int:
    """Write what the web servers logged of fifteen months into logs/nginx; the number of lines."""
    world = World("exograd logs", metadata, today, scale, dates.PARIS)
    moments = dates.edges(today, VISITS_KEPT, dates.PARIS)
    moments += [world.ago(world.rng.randrange(456)) for _ in range(2_400 * scale)]
    entries = [(when, log_line(world, when)) for when in moments]
    return logs.write(folder / LOGS, "access.log", logs.dated, entries, today, dates.PARIS)


def log_line(world: World, when: datetime) -> str:
    """One request, in nginx's combined form."""
    rng, stamp = world.rng, when.astimezone(dates.PARIS).strftime("%d/%b/%Y:%H:%M:%S %z")
    request = f"GET {quote(rng.choice(PATHS), safe='/?=')} HTTP/1.1"
    head = f'{persons.ip(rng)} - - [{stamp}] "{request}" {rng.choice((200, 200, 200, 304, 404))}'
    return f'{head} {rng.randrange(90_000)} "-" "{persons.agent(rng)}"'


def add_organisations(world: World) -> None:
    """Organisations; the last twenty have no account."""
    rng = world.rng
    for number in range(420 * world.scale):
        company, boss = persons.company(rng), persons.person(rng, 900_000 + number)
        world.add(
            "organisations",
            name=company.name,
            postal_address=boss.address,
            email=boss.email,
            siren=company.siren,
            vat_number=company.vat,
            created_at=world.ago(rng.randrange(30, 4_500)),
        )


def named_accounts(world: World) -> list[Account]:
    """The accounts 1 to 100: ordinary open ones, and those listed above."""
    closed = {
        42: 1_500,
        43: 1_900,
        44: 1_280,
        45: 1_480,
        46: 1_470,
        47: 1_300,
        62: 1_700,
        63: 3_000,
        64: 1_250,
    }
    emails = {47: "jose@atelier.example", 48: "josé@atelier.example", 44: "RESTREINTE.Hélène@Example.ORG"}
    found = []
    for key in range(1, 101):
        who = persons.person(world.rng, key)
        end = world.ago(closed[key]) if key in closed else None
        if 65 <= key <= 75:
            end = world.ago(4_400 + key)
        found.append(Account(key, who, world.ago(5_200 + key), end, emails.get(key, who.email)))
    return found


def edge_accounts(world: World) -> list[Account]:
    """Accounts closed at each edge of three years, 101… and again from 201."""
    found = []
    for base in (101, 201):
        for place, closed in enumerate(dates.edges(world.today, ACCOUNTS_KEPT, dates.PARIS)):
            who = persons.person(world.rng, base + place)
            created = closed - timedelta(days=world.rng.randrange(200, 1_800))
            found.append(Account(base + place, who, created, closed, who.email))
    return found


def other_accounts(world: World) -> list[Account]:
    """The rest, from 301: two thirds open, the others closed within the last ten years."""
    rng, found = world.rng, []
    for key in range(301, 301 + 700 * world.scale):
        who, created = persons.person(rng, key), world.ago(rng.randrange(20, 4_000))
        end = dates.between(rng, created, world.now) if rng.randrange(3) == 0 else None
        found.append(Account(key, who, created, end, who.email))
    return found


def add_account(world: World, account: Account) -> None:
    """The row of an account; a third are private persons without an organisation."""
    rng, organisations = world.rng, len(world.rows["organisations"]) - 20
    company = rng.randrange(3) > 0
    world.rows["accounts"].append(
        {
            "id": account.id,
            "organisation_id": rng.randrange(1, organisations) if company else None,
            "name": account.who.name,
            "email": account.email,
            "password_hash": f"$2b$12${persons.token(rng, 53)}",
            "commercial_email": rng.randrange(6) == 0,
            "created_at": None if account.id in (49, 50, 51) else account.created,
            "closed_at": account.closed,
        }
    )


def add_life(world: World, account: Account) -> None:
    """What an account did: log-ins, usage, subscriptions, means of payment."""
    rng, end = world.rng, account.until(world.now)
    if account.id == 46 or (account.id > 100 and account.id % 17 == 0):
        return
    for _ in range(rng.randrange(1, 13)):
        add_login(world, account, end)
    for _ in range(rng.randrange(1, 14)):
        add_usage(world, account, end)
    begun = dates.between(rng, account.created, end)
    for plan in rng.sample(("libre", "pro", "équipe"), rng.randrange(1, 3)):
        stopped = account.closed or (world.ago(30) if rng.randrange(4) == 0 else None)
        world.add("subscriptions", account_id=account.id, plan=plan, started_at=begun, ended_at=stopped)
    if rng.randrange(4):
        by_card = rng.randrange(3) > 0
        world.add(
            "payment_methods",
            account_id=account.id,
            kind="card" if by_card else "sepa",
            iban_masked=None if by_card else f"FR00 **** **** {rng.randrange(10_000):04d}",
            last4=f"{rng.randrange(10_000):04d}" if by_card else None,
            added_at=begun,
        )


def add_login(world: World, account: Account, end: datetime) -> None:
    """One log-in while the account lived."""
    rng = world.rng
    when = dates.between(rng, account.created, end)
    world.add("logins", account_id=account.id, at=when, ip=persons.ip(rng), user_agent=persons.agent(rng))


def add_usage(world: World, account: Account, end: datetime) -> None:
    """One use of a service; one in two thousand lost its date."""
    rng = world.rng
    when = None if rng.randrange(2_000) == 0 else dates.between(rng, account.created, end)
    service, units = rng.choice(SERVICES), rng.randrange(1, 5_000)
    world.add("service_usage", account_id=account.id, service=service, used_at=when, units=units)


def add_busy_account(world: World, accounts: list[Account]) -> None:
    """Account 45: more usage than one page of a sweep."""
    busy = next(account for account in accounts if account.id == 45)
    for _ in range(2_600):
        add_usage(world, busy, busy.until(world.now))


def add_invoices(world: World, accounts: list[Account]) -> None:
    """Invoices by date, numbered within their year; 61 to 64 own those of the limits."""
    rng = world.rng
    first = dates.first_kept_fiscal(world.today, INVOICES_KEPT, 12, 31)
    by_id = {account.id: account for account in accounts}
    dated: list[tuple[date, Account]] = []
    for day in dates.day_edges(world.today, first):
        dated += [(day, by_id[key]) for key in ((61, 62) if day >= first else (63,))]
    for account in accounts:
        several = account.id == 42 or 65 <= account.id <= 75 or (account.id > 300 and account.id % 3 == 0)
        if several or 201 <= account.id < 300:
            end = account.until(world.now)
            issued = rng.randrange(2, 11) if several else 1
            dated += [(dates.between(rng, account.created, end).date(), account) for _ in range(issued)]
    dated.sort(key=lambda pair: (pair[0], pair[1].id))
    for place, (day, account) in enumerate(dated, 1):
        add_invoice(world, account, day, f"{day.year}-{place:05d}")
    for place in range(1, 4):
        add_invoice(world, by_id[64], None, f"REPRISE-{place}")


def add_invoice(world: World, account: Account, day: date | None, number: str) -> None:
    """One invoice with its lines, and the buyer as they were on that day."""
    rng = world.rng
    prices = [rng.randrange(500, 30_000) for _ in range(rng.randrange(1, 4))]
    invoice = world.add(
        "invoices",
        account_id=account.id,
        number=number,
        issued_on=day,
        net=sum(prices) / 100,
        vat=round(sum(prices) * 0.2) / 100,
        buyer_name=account.who.name,
        buyer_address=account.who.address,
    )
    for position, price in enumerate(prices, 1):
        label = f"Abonnement {rng.choice(SERVICES)}"
        world.add(
            "invoice_lines", invoice_id=invoice, position=position, label=label, quantity=1, net=price / 100
        )


def add_visits(world: World, regulars: list[Account]) -> None:
    """Page views of two years: a third past the limit, every edge three times, some without a date."""
    rng, moments = world.rng, dates.edges(world.today, VISITS_KEPT, dates.PARIS)
    for account in (None, regulars[0], None):
        for when in moments:
            add_visit(world, when, account)
    for held in (42, 43, 44):
        for _ in range(20):
            add_visit(world, world.ago(rng.randrange(1_300, 1_600)), None, held)
    imported = datetime(world.today.year - 2, 3, 14, 4, 0, tzinfo=UTC)
    for _ in range(IMPORTED_AT_ONCE):
        add_visit(world, imported, None)
    for _ in range(3):
        add_visit(world, None, None)
    for _ in range(26_000 * world.scale):
        logged_in = rng.choice(regulars) if rng.randrange(4) == 0 else None
        days = rng.randrange(365) if rng.randrange(100) < 72 else rng.randrange(365, 800)
        add_visit(world, world.ago(days), logged_in)


def add_visit(world: World, when: datetime | None, account: Account | None, key: int | None = None) -> None:
    """One page view, by an account or by nobody we know."""
    rng = world.rng
    world.add(
        "visits",
        account_id=account.id if account else key,
        site=rng.choice(SITES),
        ip=persons.ip(rng),
        path=rng.choice(PATHS),
        user_agent=persons.agent(rng),
        visited_at=when,
    )


if __name__ == "__main__":
    main(build, __file__)
