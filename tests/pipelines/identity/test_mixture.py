"""Which of the pairs that look alike are one person, and which are spouses, namesakes or strangers."""

from statistics import median

import pyarrow as pa

from pipelines.identity.match import Matched, match
from pipelines.identity.mixture import SMALLEST
from tests.pipelines.identity.town import Town, likely

Keys = tuple[str, str]


def shared(home: Town, *names: str) -> set[Keys]:
    """Pairs of records (keys in order) that have an equal value in each of the columns."""
    blocks: dict[tuple[object, ...], list[str]] = {}
    for row in home.records.to_pylist():
        values = tuple(str(row[name]) if row[name] else None for name in names)
        if None not in values:
            blocks.setdefault(values, []).append(row["record_key"])
    return {(one, other) for keys in blocks.values() for one in keys for other in keys if one < other}


def test_probabilities_lie_between_nothing_and_certainty(matched: Matched) -> None:
    assert all(SMALLEST < share <= 1 for share in likely(matched).values())
    assert (matched.pairs.left < matched.pairs.right).all()


def test_spouses_are_less_probable_than_one_person_though_they_share_name_address_and_phone(
    home: Town, matched: Matched
) -> None:
    found = likely(matched)
    alike = shared(home, "family", "street", "house", "phone")
    same = [found.get(pair, 0.0) for pair in alike if home.owner[pair[0]] == home.owner[pair[1]]]
    spouses = [found.get(pair, 0.0) for pair in alike if home.owner[pair[0]] != home.owner[pair[1]]]
    assert len(same) > 50
    assert len(spouses) > 50
    assert sum(share > 0.5 for share in same) / len(same) > 0.98
    assert sum(share > 0.5 for share in spouses) / len(spouses) < 0.05


def test_namesakes_of_one_town_are_less_probable_than_one_person(home: Town, matched: Matched) -> None:
    found = likely(matched)
    alike = shared(home, "given", "family", "city")
    same = [found.get(pair, 0.0) for pair in alike if home.owner[pair[0]] == home.owner[pair[1]]]
    namesakes = [found.get(pair, 0.0) for pair in alike if home.owner[pair[0]] != home.owner[pair[1]]]
    assert median(namesakes) < 0.1 < 0.9 < median(same)


def test_source_that_holds_nobody_twice_has_a_prior_near_nothing_within_itself(matched: Matched) -> None:
    priors = matched.model.priors
    within, between = max(priors["crm crm"], priors["web web"]), priors["crm web"]
    assert 0 < within < between / 20


def test_every_kind_of_pair_has_levels_that_sum_to_one(matched: Matched) -> None:
    model = matched.model
    kinds = [model.match, *model.confused.values()]
    assert all(abs(sum(levels) - 1) < 1e-4 for kind in kinds for levels in kind.values())
    assert all(0 < share < 1 for share in (*model.priors.values(), *model.confused_priors.values()))


def test_source_that_is_new_is_linked_like_the_others(home: Town, matched: Matched) -> None:
    sources = pa.array(["shop" if name == "web" else name for name in home.records["source"].to_pylist()])
    renamed = home.records.set_column(home.records.column_names.index("source"), "source", sources)
    found = likely(match(renamed, model=matched.model))
    assert {pair for pair, share in found.items() if share > 0.5} == {
        pair for pair, share in likely(matched).items() if share > 0.5
    }
