"""Normalised forms of what sources deliver about a person: e-mail, card, names, birth date. Spark columns."""

import unicodedata
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

# fmt: off
ROLES = (
    "abuse", "admin", "administrator", "anonymous", "asdf", "billing", "contact", "do-not-reply", "donotreply",
    "dummy", "email", "enquiries", "example", "fake", "geen", "geenemail", "geenmail", "hello", "helpdesk",
    "hostmaster", "info", "invalid", "kasse", "keine", "keineemail", "kontakt", "mail", "marketing", "n/a", "na",
    "nobody", "nomail", "noemail", "no-email", "no.email", "no_email", "none", "no", "noone", "noreply", "no-reply",
    "no.reply", "null", "office", "pasdemail", "postmaster", "sales", "sansemail", "secretariat", "service", "shop",
    "sinemail", "spam", "support", "test", "tester", "unknown", "user", "webmaster", "xx", "xxx",
)
# fmt: on
"""Mailbox names of desks and of nobody: they tell a company or a clerk in a hurry, not a person."""
GOOGLE = ("gmail.com", "googlemail.com")
PLUS_HOSTS = (
    *GOOGLE, "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com", "fastmail.com",
    "proton.me", "protonmail.com", "pm.me",
)  # fmt: skip
"""Providers that deliver name+anything to name."""
# fmt: off
TITLES = (
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "herr", "frau", "fraulein", "mme", "mlle",
    "monsieur", "madame", "mevr", "mevrouw", "dhr", "heer", "sr", "sra", "srta", "sig", "signor", "signora",
    "jr", "junior", "senior", "phd", "md",
)
# fmt: on
LONGEST = 200
"""Characters of a name or a line of an address; what goes on longer is a text that strayed into the field.

Comparing two words of 10,000 letters takes 800 MB.
"""
LONGEST_EMAIL = 254
"""Source: RFC 5321, 4.5.3.1.3, less the angle brackets."""
NO_DATES = ("1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31")
"""Birth dates that forms and databases put where there is none."""


def email_form(email: Column) -> Column:
    """The e-mail without spaces and in lower case; null for what is no address, role addresses, placeholders."""
    plain = F.lower(F.regexp_replace(email, r"^\s*(?:mailto:)?\s*|\s+$", ""))
    mailbox = F.regexp_extract(plain, r"^([^@+]*)", 1)
    is_person = (
        (F.length(plain) <= LONGEST_EMAIL)
        & plain.rlike(r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]{2,}$")
        & ~mailbox.isin(*ROLES)
    )
    return F.when(is_person, plain)


def mailbox_form(email: Column) -> Column:
    """What two addresses of one mailbox have in common, from an address as email_form gives it.

    Source: https://support.google.com/mail/answer/7436150 (dots say nothing); RFC 5233 (what follows a plus).
    """
    name, host = F.substring_index(email, "@", 1), F.substring_index(email, "@", -1)
    bare = F.when(host.isin(*PLUS_HOSTS), F.substring_index(name, "+", 1)).otherwise(name)
    plain = F.when(host.isin(*GOOGLE), F.replace(bare, F.lit("."))).otherwise(bare)
    return F.concat(plain, F.lit("@"), F.when(host.isin(*GOOGLE), GOOGLE[0]).otherwise(host))


def card_form(card: Column) -> Column:
    """The card number in capitals without separators; null for runs of one character such as 00000."""
    plain = F.upper(F.regexp_replace(card, r"[\s._/-]", ""))
    return F.when(F.length(plain).between(2, LONGEST) & ~plain.rlike(r"^(.)\1*$"), plain)


def trimmed(value: Column) -> Column:
    """The value without spaces around it; null where nothing is left."""
    plain = F.trim(value)
    return F.when(plain != "", plain)


def name_tokens(name: Column) -> Column:
    """The words of a name: lower case, without accents, punctuation and titles, in the order delivered."""
    words = F.split(
        F.regexp_replace(F.regexp_replace(folded(F.substring(name, 1, LONGEST)), "['’`´.]", ""), r"[^\p{L}]+", " "), " "
    )
    kept = F.filter(words, lambda word: (word != "") & ~word.isin(*TITLES))
    return F.coalesce(kept, F.array().cast("array<string>"))


def folded(text: Column) -> Column:
    """The text in lower case, letters without accents, ligatures written out."""
    plain = F.lower(F.translate(text, *_accents()))
    return reduce(lambda whole, pair: F.replace(whole, F.lit(pair[0]), F.lit(pair[1])), LIGATURES, plain)


def capitals(full_name: Column) -> Column:
    """The words of a whole name that stand in capitals where others do not: by custom the family name."""
    words = F.split(F.trim(full_name), r"\s+")
    loud = F.filter(words, lambda word: (F.upper(word) == word) & (F.length(word) > 1))
    mixed = (F.size(loud) > 0) & (F.size(loud) < F.size(words))
    return F.when(mixed, F.concat_ws(" ", loud))


def birth_date(born_on: Column, known_on: Column) -> Column:
    """The date of birth; null where a form's filling stands for it.

    Units: known_on is a day on which the record was there. Years of two digits, which readers take for the first
           century or this one, are of the last century in which the person was born by then.
    """
    in_full = F.when(F.year(born_on) < 100, F.add_months(born_on, 2000 * 12)).otherwise(born_on)
    before = F.add_months(in_full, -100 * 12)
    born = F.when((in_full > known_on) & (before <= known_on), before).otherwise(in_full)
    return F.when(~born_on.cast("string").isin(*NO_DATES) & (F.year(born) >= 1000), born)


LIGATURES = (("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("þ", "th"))


def _accents() -> tuple[str, str]:
    """Letters with marks and the same letters without, for `translate`."""
    bare = {
        chr(code): unicodedata.normalize("NFKD", chr(code))[0] for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    }
    found = {letter: plain for letter, plain in bare.items() if plain.isascii() and plain.isalpha()}
    found |= {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}
    return "".join(found), "".join(found.values())
