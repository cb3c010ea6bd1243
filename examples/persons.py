"""Persons, companies, places and networks that nobody has.

E-mail domains are those reserved for documentation, telephone numbers those reserved for
fiction in France and the United Kingdom, IP addresses those of the documentation ranges;
company and bank numbers fail their own check digits. Names are French, English and Estonian,
some of them long, short, accented, quoted, or otherwise trying.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    """The words of a text; an underscore stands for a space inside a word."""
    return tuple(word.replace("_", " ") for word in text.split())


FRENCH_FIRST = _words("""
    Camille Léa Élodie Jérôme Noël Zoé Loïc Anaïs François Chloé Hélène Gaëlle Benoît Cécile Mathis
    Inès Théo Agnès Rémi Maëlys Stéphane Océane Raphaël Clémence Marie-Ange Jean-Baptiste
    Anne-Sophie Aïcha Mehdi Solène Hugo Manon Lucas Jade Nathan Louise Yves Odile Thaïs Côme
""")
FRENCH_LAST = _words("""
    Lefèvre Dubois Müller-Roux Moreau Girard Lemaître Bésard N'Diaye L'Hôte D'Alembert Guérin Benoît
    Çelik Fournier Bonnet Faure Legrand Garnier Chevalier Perrin Brûlé Maréchal Le_Goff De_La_Tour
    Saint-Exupéry Vidal Hervé Barbier Arnaud Colin Rousseau Aubry Renaud Marchand Étienne Œuvrard
    Ünal Nguyen Haddad Kowalczyk
""")
ENGLISH_FIRST = _words("""
    Oliver Amelia George Isla Harry Ava Noah Mia Jack Emily Charlie Grace Siobhán Zoë Chloë Freya
    Thomas Ruby Oscar Aoife William Alice James Florence Henry Beatrice Samuel Imogen
""")
ENGLISH_LAST = _words("""
    Smith O'Brien Taylor Brown Davies Evans Wilson Thompson Wright Robinson Walker White Edwards
    Hughes Green Hall MacLeod O'Súilleabháin Clarke Patel Khan Lewis Ng Featherstonehaugh Brontë
    Fitz-Hugh
""")
ESTONIAN_FIRST = _words("""
    Kristjan Õie Jüri Mari-Liis Tõnu Ülle Rasmus Kadri Märt Pille-Riin Igor Svetlana
""")
ESTONIAN_LAST = _words("""
    Tamm Saar Mägi Sepp Kõiv Põder Õunapuu Jõgi Ivanov Petrova Kuznetsov Ööbik
""")
PATRONYMICS = _words("""
    Ivanovitš Petrovna Sergejevitš Nikolajevna Aleksandrovna Dmitrijevitš
""")

ODD_NAMES = (
    ("Null", "Null"),
    ("O", "Ó"),
    ("Robert", 'D\'Arc; -- «test» "x"'),
    (
        "Marie-Antoinette Joséphine Charlotte",
        "de la Rochefoucauld-Montmorency-Saint-Germain d'Aubigné de Beauharnais",
    ),
    ("José", "Ng"),
    ("  Anne ", "L’Écuyer"),
    ("Ève🌿", "100 % Naturel"),
    ("Łukasz", "Wiśniewski\\Novák"),
    ("Έλενα", "Παπαδοπούλου"),
    ("A" * 60, "B" * 60),
)

FRENCH_CITIES = (
    ("75011", "Paris"),
    ("69003", "Lyon"),
    ("13005", "Marseille"),
    ("31000", "Toulouse"),
    ("81000", "Albi"),
    ("29200", "Brest"),
    ("67000", "Strasbourg"),
    ("97400", "Saint-Denis"),
    ("2A004", "Ajaccio"),
    ("80190", "Y"),
    ("51300", "Vitry-le-François"),
    ("55012", "L'Isle-en-Rigault"),
)
FRENCH_STREETS = (
    "rue de l'Église",
    "avenue du Général-Leclerc",
    "bis, rue d'Alésia",
    "impasse des Œillets",
    "quai Saint-Michel",
    "rue du 8-Mai-1945",
    "lieu-dit Kérouzéré",
    "allée des Chênes",
    "place de la Liberté",
    "chemin du Pré-aux-Clercs",
)
ENGLISH_CITIES = (
    ("LS1 4AP", "Leeds"),
    ("EC1A 1BB", "London"),
    ("CF10 1EP", "Cardiff"),
    ("D02 AF30", "Dublin"),
)
ENGLISH_STREETS = (
    "High Street",
    "St John's Road",
    "Queen's Gate",
    "Station Road",
    "The Old Vicarage, Church Lane",
)
ESTONIAN_CITIES = (("10111", "Tallinn"), ("51003", "Tartu"), ("80011", "Pärnu"), ("93815", "Kuressaare"))
ESTONIAN_STREETS = ("Pikk tänav", "Õle", "Narva mnt", "Tähe", "Võidu väljak")
PLACES: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "FR": (FRENCH_STREETS, FRENCH_CITIES),
    "GB": (ENGLISH_STREETS, ENGLISH_CITIES),
    "EE": (ESTONIAN_STREETS, ESTONIAN_CITIES),
}

MAIL_DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "courrier.example",
    "mail.example",
    "atelier.example",
)
TRADES = (
    "Boulangerie",
    "Atelier",
    "Menuiserie",
    "Cabinet",
    "Éditions",
    "Garage",
    "Librairie",
    "Pépinière",
    "Clinique",
    "Studio",
    "Maison",
    "Coopérative",
    "Fromagerie",
    "Agence",
)
FORMS = ("SARL", "SAS", "EURL", "SA", "SCOP", "& Fils", "et Associés", "Ltd", "OÜ", "EI")

FRENCH_PHONES = ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98")

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "curl/8.5.0",
)


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up human, with an address to write to."""

    first: str
    last: str
    email: str
    phone: str
    street: str
    postcode: str
    city: str
    country: str

    @property
    def name(self) -> str:
        """First and last name, as on a parcel."""
        return f"{self.first} {self.last}"

    @property
    def address(self) -> str:
        """The postal address on one line."""
        return f"{self.street}, {self.postcode} {self.city}"


@dataclass(frozen=True, slots=True)
class Company:
    """One made-up company; its registration numbers are impossible ones."""

    name: str
    siren: str
    vat: str


def person(rng: random.Random, number: int, countries: str = "FR FR FR FR GB") -> Person:
    """Person `number`, whose e-mail address is theirs alone; `countries` says who is how frequent."""
    country = rng.choice(countries.split())
    first, last = _name(rng, country)
    if number % 89 == 7:
        first, last = ODD_NAMES[number // 89 % len(ODD_NAMES)]
    street, postcode, city = _place(rng, country)
    return Person(
        first, last, email(rng, first, last, number), phone(rng, country), street, postcode, city, country
    )


def _name(rng: random.Random, country: str) -> tuple[str, str]:
    if country == "EE":
        return rng.choice(ESTONIAN_FIRST), rng.choice(ESTONIAN_LAST)
    if country == "GB":
        return rng.choice(ENGLISH_FIRST), rng.choice(ENGLISH_LAST)
    return rng.choice(FRENCH_FIRST), rng.choice(FRENCH_LAST)


def _place(rng: random.Random, country: str) -> tuple[str, str, str]:
    streets, cities = PLACES[country]
    street, (postcode, city) = rng.choice(streets), rng.choice(cities)
    if country == "EE":
        return f"{street} {rng.randrange(1, 90)}-{rng.randrange(1, 60)}", postcode, city
    return f"{rng.randrange(1, 240)} {street}", postcode, city


def plain(text: str) -> str:
    """Lower-case ASCII letters and digits of a text; accents fall away."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(c for c in folded if c.isalnum())


def email(rng: random.Random, first: str, last: str, number: int) -> str:
    """An address that `number` makes unique in any letter case; now and then an awkward one."""
    local = f"{plain(first)[:20] or 'x'}.{plain(last)[:30] or 'y'}.{number}"
    domain = rng.choice(MAIL_DOMAINS)
    style = rng.randrange(20)
    if style == 0:
        return f"{local}@{domain}".upper()
    if style == 1:
        return f"{local.title()}@{domain.title()}"
    if style == 2:
        return f"{local}+factures@{domain}"
    if style == 3:
        return f"josé.o'brien.{number}@{domain}"
    return f"{local}@{domain}"


def phone(rng: random.Random, country: str = "FR") -> str:
    """A number reserved for fiction, written as people write them."""
    if country == "GB":
        return rng.choice(("+44 20 7946 0", "+44 1632 960")) + f"{rng.randrange(1000):03d}"
    stem, tail = rng.choice(FRENCH_PHONES), rng.randrange(10_000)
    number = f"{stem} {tail // 100:02d} {tail % 100:02d}"
    style = rng.randrange(4) if country == "FR" else 1
    if style == 1:
        return f"+33 {number[1:]}"
    if style == 2:
        return number.replace(" ", ".")
    return number.replace(" ", "") if style == 3 else number


def ip(rng: random.Random) -> str:
    """An address of the documentation ranges; one in four is IPv6."""
    if rng.randrange(4) == 0:
        return f"2001:db8:{rng.randrange(65_536):x}::{rng.randrange(1, 65_536):x}"
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randrange(1, 255)}"


def luhn(digits: str) -> int:
    """The Luhn sum modulo 10: 0 for a number that could be real."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10


def siren(rng: random.Random) -> str:
    """Nine digits that fail the check of a SIREN."""
    digits = f"{rng.randrange(10**9):09d}"
    return digits if luhn(digits) else f"{digits[:-1]}{(int(digits[-1]) + 1) % 10}"


def company(rng: random.Random, country: str = "FR") -> Company:
    """A company; its VAT number carries the check digits 00 and the failing number."""
    number = siren(rng)
    last = rng.choice(ENGLISH_LAST if country == "GB" else FRENCH_LAST)
    return Company(f"{rng.choice(TRADES)} {last} {rng.choice(FORMS)}", number, f"{country}00{number}")


def iban(rng: random.Random) -> str:
    """A French IBAN with the check digits 00, which no bank account has."""
    return f"FR00{rng.randrange(10**10):010d}{rng.randrange(10**11):011d}{rng.randrange(100):02d}"


def agent(rng: random.Random) -> str:
    """What a browser says it is."""
    return rng.choice(AGENTS)


def token(rng: random.Random, length: int) -> str:
    """Letters and digits, as in a hash or a key."""
    return "".join(rng.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=length))
