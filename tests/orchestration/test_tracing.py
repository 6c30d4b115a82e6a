"""`habitue lineage`: the way of a column as a person asks for it."""

import json
from pathlib import Path

import pytest

from orchestration import cli

DEMO = str(Path(__file__).parents[2] / "retailers" / "demo.yaml")


def lineage(*asked: str, retailer: bool = True) -> int:
    return cli.main(["lineage", *asked, *(["--retailer", DEMO] if retailer else [])])


def test_way_back_ends_at_the_delivered_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert lineage("unified.orders.order_amount") == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "unified.orders.order_amount  [as it stands there]"
    assert "      pos.tickets: Total  [cast(replace(Total, ',', '.') as decimal(18,2))]" in printed


def test_what_was_followed_once_is_not_followed_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert lineage("scores.customer_scores.churn_probability") == 0
    printed = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert printed.count("web.orders: placed_at  [to_timestamp(placed_at)]") == 1
    assert "unified.orders: kind, order_amount  [see above]" in printed


def test_what_decides_which_rows_there_are_is_followed_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    asked = "features.customer_features.orders_count"
    assert lineage(asked) == 0
    short = capsys.readouterr().out
    assert lineage(asked, "--rows") == 0
    assert "which rows: unified.orders: customer_id, known_from" in short
    assert "crm.contacts: EMail" not in short
    assert "crm.contacts: EMail" in capsys.readouterr().out


def test_a_delivered_column_tells_who_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert lineage("pos.tickets: Kind", "--forward") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("pos.tickets: Kind\n  conformed.orders.kind")
    assert "destinations.crm" in printed


def test_without_a_retailer_file_the_way_ends_at_the_conformed_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert lineage("unified.orders.channel", retailer=False) == 0
    assert "conformed.orders.channel  [as the retailer file maps it; " in capsys.readouterr().out


def test_lineage_is_one_json_object_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert lineage("unified.feedback.rating", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["origins"] == ["raw.survey_answers.rating"]
    assert told["steps"][0]["meaning"] == "1 (worst) to 5 (best)"
    assert told["steps"][1]["made"][0] == {
        "how": "cast(rating as double)",
        "decides": "value",
        "of": [{"table": "raw.survey_answers", "column": "rating"}],
    }
    assert "features.customer_features.rating_mean" in told["readers"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("scores.customer_scores.churn", "scores.customer_scores has no column churn (did you mean churn_band"),
        ("score.customer_scores.churn_band", "no table score.customer_scores (did you mean scores.customer_scores"),
        ("pos.tickets: Totl", "pos.tickets has no column Totl (did you mean Total"),
        ("churn_probability", "(did you mean scores.customer_scores.churn_probability?)"),
    ],
)
def test_an_unknown_column_is_a_wrong_call(asked: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lineage(asked) == 2
    assert said in capsys.readouterr().err
