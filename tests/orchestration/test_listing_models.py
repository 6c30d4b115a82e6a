"""What `habitue models` says of versions, in words."""

from dataclasses import replace
from datetime import UTC, date, datetime

from models.champions import Change
from models.shadow import Agreement
from models.versions import ModelVersions, Trial, Version
from orchestration.listing_models import in_words

NIGHT = date(2024, 6, 1)
TRIAL = Trial(date(2024, 3, 1), "AUC", 0.8, 0.75, 0.85, "recency_rule", 0.05, 0.02, 0.08, 0.25, 1234.4)
FIRST = Change(NIGHT, "churn", "2", "1", "promoted", "training", "surely better", datetime(2024, 6, 2, tzinfo=UTC))


def version(number: int, **given: str) -> Version:
    made = Version(str(number), "2024-06-01", "trees", "B", 60, "", "", "", "surely better", (TRIAL,))
    return replace(made, **given)  # type: ignore[arg-type]


def of(*versions: Version, champion: str | None, since: Change | None = FIRST) -> ModelVersions:
    return ModelVersions("churn", champion or "1", champion, since, None, versions, (FIRST,))


def test_version_in_use_its_tests_and_how_the_challenger_agrees_are_told() -> None:
    agree = [Agreement(NIGHT, "churn", "3", 1200, 0.9, 0.125), Agreement(NIGHT, "lifetime_value", "3", 9, None, 0)]
    shown = of(version(3, alias="challenger"), version(2, alias="champion", because="drift: days"), champion="2")
    lines = list(in_words(shown, agree, everything=False))
    assert lines[:4] == [
        "churn: version 2 is champion, since the night after 2024-06-01",
        "  2024-06-01: version 2 promoted, instead of 1, by training: surely better",
        "  challenger version 3 on the night of 2024-06-01: rank correlation with the version in use 0.900, "
        "12.5% of 1,200 customers in another band",
        "  version 3, 2024-06-01, trees, grade B, 60 days (challenger)",
    ]
    assert lines[-4:] == [
        "  version 2, 2024-06-01, trees, grade B, 60 days (champion)",
        "    trained because drift: days",
        "    surely better",
        "    from 2024-03-01: AUC 0.800 (0.750 to 0.850), gain over the recency rule 0.050 (0.020 to 0.080); "
        "contacting 25% would earn most: 1,234",
    ]


def test_old_versions_are_left_out_but_never_the_champion_unless_all_are_asked_for() -> None:
    many = of(*(version(n, alias="champion" if n == 2 else "") for n in range(9, 0, -1)), champion="2", since=None)
    few = list(in_words(many, [], everything=False))
    assert few[0] == "churn: version 2 is champion, since before such changes were recorded"
    assert [line.split(",")[0] for line in few if "grade" in line] == [f"  version {n}" for n in (9, 8, 7, 6, 5, 2)]
    assert few[-1] == "  and 3 older versions: habitue models --all"
    assert len(list(in_words(many, [], everything=True))) == 2 + 9 * 3


def test_without_a_champion_the_baseline_is_said_to_score() -> None:
    lines = list(in_words(of(version(2, rolled_back="2024-06-03"), champion=None), [], everything=False))
    assert lines[0] == "churn: no champion, a baseline scores (version 1)"
    assert "  version 2, 2024-06-01, trees, grade B, 60 days (rolled back after 2024-06-03)" in lines
