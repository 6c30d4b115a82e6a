"""Normalised forms of an address: the words of a street, its house number, the postal code. Spark columns."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.identity.normalise import LONGEST, folded

# fmt: off
STREET_TYPES = {
    "": {
        "ave": "avenue", "av": "avenue", "blvd": "boulevard", "bd": "boulevard", "bvd": "boulevard", "rd": "road",
        "ln": "lane", "ct": "court", "sq": "square", "cres": "crescent", "cl": "close", "gdns": "gardens",
        "hwy": "highway", "pde": "parade", "tce": "terrace", "ter": "terrace", "pkwy": "parkway", "cct": "circuit",
        "st": "street", "dr": "drive", "pl": "place", "str": "strasse",
    },
    "FR": {"st": "saint", "ste": "sainte", "pl": "place", "all": "allee", "ch": "chemin", "chem": "chemin",
           "imp": "impasse", "rte": "route", "r": "rue", "sq": "square", "fg": "faubourg", "fbg": "faubourg"},
    "BE": {"st": "sint", "ste": "sainte", "pl": "place", "ch": "chaussee", "chee": "chaussee", "rte": "route",
           "r": "rue", "str": "straat", "stwg": "steenweg", "ln": "laan", "pln": "plein"},
    "LU": {"st": "saint", "r": "rue", "rte": "route", "pl": "place"},
    "NL": {"st": "sint", "str": "straat", "ln": "laan", "pln": "plein", "wg": "weg", "gr": "gracht", "kd": "kade"},
    "DE": {"st": "sankt", "pl": "platz", "wg": "weg", "dr": "doktor"},
    "AT": {"st": "sankt", "pl": "platz", "g": "gasse"},
    "CH": {"st": "sankt", "pl": "platz"},
    "ES": {"c": "calle", "cl": "calle", "avda": "avenida", "av": "avenida", "pl": "plaza", "pza": "plaza",
           "po": "paseo", "ctra": "carretera", "st": "santa"},
    "IT": {"v": "via", "vle": "viale", "pza": "piazza", "pzza": "piazza", "cso": "corso", "lgo": "largo"},
}
# fmt: on
"""Abbreviations of street types by ISO country; the empty country holds what the others do not say themselves."""


LONGEST_CODE = 10
"""Characters of a postal code without separators: the longest, in Iran, has ten digits."""


def street_words(street: Column, country: Column) -> Column:
    """The words of a street without its numbers: lower case, without accents, types of street written out."""
    joined = F.regexp_replace(folded(F.substring(street, 1, LONGEST)), r"\b(\p{L})\.(?=\p{L}{2,3}\b)", "$1")
    named = F.regexp_replace(joined, r"\d+(?:\s?(?:[a-d]|bis|ter|quater)\b)?", " ")
    words = F.split(F.regexp_replace(named, r"[^\p{L}]+", " "), " ")
    street_in_full = F.when(country.isin("BE", "NL"), "straat").otherwise("strasse")
    known = F.create_map(*(F.lit(part) for pair in _types() for part in pair))
    full = F.transform(
        F.filter(words, lambda word: word != ""),
        lambda word: F.coalesce(
            F.try_element_at(known, F.concat_ws("|", country, word)),
            F.try_element_at(known, F.concat(F.lit("|"), word)),
            F.regexp_replace(word, "(?<=[a-z]{3})str$", street_in_full),
        ),
    )
    return F.when(F.size(full) > 0, F.array_join(full, " "))


def house_number(street: Column) -> Column:
    """The first number of a street with the letter behind it, if any; null where there is none."""
    number = F.regexp_extract(F.lower(street), r"(\d+(?:\s?[a-d]\b)?)", 1)
    return F.when(number != "", F.replace(number, F.lit(" "), F.lit("")))


def postcode_form(postcode: Column, country: Column) -> Column:
    """The postal code in lower case without separators; the country's own letters in front of digits are dropped."""
    plain = F.regexp_replace(F.lower(postcode), "[^0-9a-z]", "")
    bare = F.when(F.startswith(plain, F.lower(country)), F.regexp_replace(plain, r"^[a-z]{1,2}(?=\d{4,5}$)", ""))
    form = F.coalesce(bare, F.regexp_replace(plain, r"^[bdfl](?=\d{4,5}$)", ""))
    return F.when(F.length(form).between(1, LONGEST_CODE), form)


def _types() -> list[tuple[str, str]]:
    """(country|abbreviation, word) pairs of STREET_TYPES."""
    return [(f"{country}|{short}", word) for country, types in STREET_TYPES.items() for short, word in types.items()]
