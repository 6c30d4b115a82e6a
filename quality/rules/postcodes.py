"""How countries write their postal codes.

Source: the patterns follow Unicode CLDR 26, `postalCodeData.xml`; the Universal Postal Union describes the forms.
"""

POSTCODES: dict[str, str] = {
    "AT": r"\d{4}",
    "AU": r"\d{4}",
    "BE": r"\d{4}",
    "BG": r"\d{4}",
    "BR": r"\d{5}-?\d{3}",
    "CA": r"[ABCEGHJKLMNPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d",
    "CH": r"\d{4}",
    "CY": r"\d{4}",
    "CZ": r"\d{3} ?\d{2}",
    "DE": r"\d{5}",
    "DK": r"\d{4}",
    "EE": r"\d{5}",
    "ES": r"\d{5}",
    "FI": r"\d{5}",
    "FR": r"\d{2} ?\d{3}",
    "GB": (
        r"GIR ?0AA|[A-PR-UWYZ]([0-9]{1,2}|[A-HK-Y][0-9]([0-9]|[ABEHMNPRV-Y])?|[0-9][A-HJKPS-UW])"
        r" ?[0-9][ABD-HJLNP-UW-Z]{2}"
    ),
    "GR": r"\d{3} ?\d{2}",
    "HR": r"\d{5}",
    "HU": r"\d{4}",
    "IE": r"([AC-FHKNPRTV-Y]\d{2}|D6W) ?[0-9AC-FHKNPRTV-Y]{4}",
    "IN": r"[1-9]\d{2} ?\d{3}",
    "IT": r"\d{5}",
    "JP": r"\d{3}-?\d{4}",
    "LI": r"94(8[5-9]|9[0-8])",
    "LT": r"(LT-)?\d{5}",
    "LU": r"(L-)?\d{4}",
    "LV": r"(LV-)?\d{4}",
    "MT": r"[A-Z]{3} ?\d{2,4}",
    "MX": r"\d{5}",
    "NL": r"[1-9]\d{3} ?(?!SA|SD|SS)[A-Z]{2}",
    "NO": r"\d{4}",
    "NZ": r"\d{4}",
    "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}(-\d{3})?",
    "RO": r"\d{6}",
    "SE": r"(SE-)?\d{3} ?\d{2}",
    "SI": r"(SI-)?\d{4}",
    "SK": r"\d{3} ?\d{2}",
    "TR": r"\d{5}",
    "US": r"\d{5}(-\d{4})?",
    "ZA": r"\d{4}",
}
"""Patterns of Java's regular expressions by ISO 3166 code; they stand for the whole text, in either case."""
