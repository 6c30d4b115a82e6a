"""Countries, towns, streets and telephone numbers of the fictional retailer's customers."""

from dataclasses import dataclass

import numpy as np

from synthetic.columns import Texts, Whole, texts
from synthetic.randomness import scattered


@dataclass(frozen=True)
class Region:
    """People of one language in one country, and their share of the customers.

    Units: towns are (name, first characters of the postcode, weight).
    """

    language: str
    country: str
    share: float
    towns: tuple[tuple[str, str, float], ...]
    streets: tuple[str, ...]
    postcode_digits: int
    mobile: tuple[str, tuple[str, ...], int]
    landline: tuple[str, tuple[str, ...], int]


REGIONS = (
    Region(
        "fr", "BE", 0.34,
        (("Bruxelles", "10", 30), ("Liège", "40", 20), ("Charleroi", "60", 20), ("Namur", "50", 11), ("Mons", "70", 9),
         ("La Louvière", "71", 8), ("Tournai", "75", 7), ("Verviers", "48", 6), ("Wavre", "13", 4)),
        ("Rue de la Station", "Rue Neuve", "Avenue Louise", "Rue du Moulin", "Rue de l'Église", "Place du Marché",
         "Chaussée de Wavre", "Rue des Écoles", "Avenue des Tilleuls", "Rue Haute", "Rue du Pont", "Rue Royale"),
        4, ("32", ("47", "48", "49"), 7), ("32", ("22", "42", "25"), 6),
    ),
    Region(
        "nl", "BE", 0.38,
        (("Antwerpen", "20", 33), ("Gent", "90", 22), ("Brugge", "80", 12), ("Leuven", "30", 10), ("Mechelen", "28", 9),
         ("Aalst", "93", 9), ("Kortrijk", "85", 8), ("Hasselt", "35", 8), ("Oostende", "84", 7), ("Genk", "36", 6)),
        ("Kerkstraat", "Stationsstraat", "Molenstraat", "Nieuwstraat", "Dorpsstraat", "Schoolstraat", "Veldstraat",
         "Kapelstraat", "Brugsesteenweg", "Lindelaan", "Grote Markt", "Hoogstraat"),
        4, ("32", ("47", "48", "49"), 7), ("32", ("32", "92", "50"), 6),
    ),
    Region(
        "de", "LU", 0.10,
        (("Luxembourg", "1", 60), ("Esch-sur-Alzette", "4", 18), ("Differdange", "46", 12), ("Ettelbruck", "9", 5)),
        ("Rue de Hollerich", "Grand-Rue", "Route d'Esch", "Rue de l'Alzette", "Bahnhofstrooss", "Am Duerf",
         "Route de Trèves", "Rue du Parc"),
        4, ("352", ("621", "661", "691"), 6), ("352", ("27", "26"), 6),
    ),
    Region(
        "en", "GB", 0.18,
        (("London", "SE", 50), ("Birmingham", "B", 12), ("Leeds", "LS", 9), ("Bristol", "BS", 6), ("Norwich", "NR", 4),
         ("Canterbury", "CT", 3), ("Ipswich", "IP", 3)),
        ("High Street", "Station Road", "Church Lane", "Victoria Road", "Park Avenue", "Mill Lane", "Queen Street",
         "The Green", "Kings Road", "School Lane"),
        0, ("44", ("74", "75", "77"), 8), ("44", ("207", "208"), 7),
    ),
)  # fmt: skip


def addresses(region: Region, rng: np.random.Generator, size: int) -> dict[str, Texts]:
    """Street with number, postcode and town for `size` homes of a region."""
    weights = np.array([town[2] for town in region.towns])
    town = rng.choice(len(weights), size, p=weights / weights.sum())
    street = rng.integers(0, len(region.streets), size)
    number, digits = rng.integers(1, 180, size), rng.integers(0, 100_000, size)
    return {
        "street": texts(_street(region, region.streets[s], n) for s, n in zip(street, number, strict=True)),
        "postcode": texts(_postcode(region, region.towns[t][1], d) for t, d in zip(town, digits, strict=True)),
        "city": texts(region.towns[t][0] for t in town),
    }


def telephone_numbers(kind: tuple[str, tuple[str, ...], int], owner: Whole) -> Texts:
    """International numbers without formatting, as `+32475123456`; six digits serve 999,993 owners."""
    country, prefixes, digits = kind
    numbers = scattered(owner, 10**digits - 7, 4_711)
    return texts(
        f"+{country}{prefixes[int(o) % len(prefixes)]}{int(n):0{digits}d}" for o, n in zip(owner, numbers, strict=True)
    )


def _street(region: Region, street: str, number: int) -> str:
    return f"{number} {street}" if region.country in ("GB", "LU") else f"{street} {number}"


def _postcode(region: Region, start: str, digits: int) -> str:
    if region.postcode_digits == 0:
        letters = "ABDEFGHJLNPQRSTUWXYZ"
        return f"{start}{digits % 19 + 1} {digits % 9 + 1}{letters[digits % 20]}{letters[digits // 20 % 20]}"
    rest = region.postcode_digits - len(start)
    return start + f"{digits % 10**rest:0{rest}d}" if len(start) < 2 else start + f"{digits % 8 * 10:02d}"
