"""Short forms of given names meet the names that they stand for."""

import unicodedata

import pytest

from pipelines.identity.nicknames import NICKNAMES, name_roots

EVERY = [
    (language, full, short)
    for language, names in NICKNAMES.items()
    for full, shorts in names.items()
    for short in shorts.split()
]


def test_every_name_stands_as_name_tokens_writes_it() -> None:
    names = {name for _, full, short in EVERY for name in (full, short)}
    written = {
        name
        for name in names
        if name.isascii() and name.isalpha() and name == unicodedata.normalize("NFKD", name).lower()
    }
    assert written == names


def test_roots_go_both_ways() -> None:
    roots = name_roots()
    apart = [(full, short) for _, full, short in EVERY if full not in roots[full] or full not in roots[short]]
    assert apart == []


def test_no_short_form_is_the_name_itself_or_comes_twice() -> None:
    assert [row for row in EVERY if row[1] == row[2]] == []
    assert len(EVERY) == len(set(EVERY))


@pytest.mark.parametrize(
    ("one", "other"), [("bob", "robert"), ("wim", "willem"), ("pepe", "jose"), ("beppe", "giuseppe"), ("sepp", "josef")]
)
def test_short_form_and_full_name_share_a_root(one: str, other: str) -> None:
    roots = name_roots()
    assert set(roots[one]) & set(roots[other])


def test_two_full_names_with_one_short_form_share_no_root_of_their_own() -> None:
    roots = name_roots()
    assert not set(roots["albert"]) & set(roots["robert"])
    assert {"albert", "robert"} <= set(roots["bert"])
