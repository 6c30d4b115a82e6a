"""Training on shops whose truth is known; each beside its naive baseline."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from models import churn, lifetime_value
from models.baselines import called
from models.calendar import LabelLeak
from models.churn import CHURN
from models.evaluate import metrics_by_window
from models.lifetime_value import LIFETIME_VALUE
from models.model import Array, Customers
from models.predict import loaded
from models.reference import SCORES, reference
from models.registry import ModelUnusable, Registry
from models.train import BASELINES, TrainingReport, train_on
from models.training_set import Observed
from tests.models.observed_builder import HORIZON, NIGHT, Orders, coin_tosses, observe, schedules_of, shop


@pytest.fixture(scope="module")
def registry(empty_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """One registry for the module."""
    return Registry(Path(shutil.copytree(empty_registry, tmp_path_factory.mktemp("models") / "state")))


@pytest.fixture(scope="module")
def learned(registry: Registry) -> tuple[TrainingReport, ...]:
    """The reports of the shop in which there is something to learn."""
    return trained(shop(), registry)


def trained(orders: Orders, registry: Registry, seen: Observed | None = None) -> tuple[TrainingReport, ...]:
    schedules = schedules_of(orders)
    return train_on(seen or observe(orders, schedules), NIGHT, schedules, registry=registry)


def test_a_strong_signal_is_learned_and_promoted(learned: tuple[TrainingReport, ...], registry: Registry) -> None:
    for report in learned:
        assert report.promoted, report.reason
        assert len(report.windows) == 3
        named = "recency_rule" if report.model == "churn" else "last_year_spend"
        assert all(gain.low > 0 for window in report.windows for gain in [window.over(named)] if gain)
        champion = registry.champion(report.model)
        assert champion is not None
        assert (champion.version, champion.grade, champion.kind) == (report.version, report.grade, "trees")
    assert registry.model_versions() == {"churn": "2", "lifetime_value": "2", "segments": "1"}


def test_a_run_tells_how_deep_its_trees_grew(learned: tuple[TrainingReport, ...], registry: Registry) -> None:
    address = f"sqlite:///{registry.state / 'mlflow.db'}"
    client = MlflowClient(address, address)
    for report in learned:
        version = client.get_model_version(report.model, report.version)
        told = client.get_run(str(version.run_id)).data.params
        fitted = registry.load(report.model, report.version)
        grown = churn.load(fitted) if report.model == "churn" else [lifetime_value.load(fitted).spend]
        lines = [line for booster in grown for tree in booster.get_dump() for line in tree.splitlines()]
        assert told["max_depth"] == str(max(len(line) - len(line.lstrip("\t")) for line in lines))


def test_a_version_keeps_what_the_customers_of_its_training_were_like(
    learned: tuple[TrainingReport, ...], registry: Registry
) -> None:
    orders = shop()
    seen = observe(orders, schedules_of(orders))
    today = int(seen.on([NIGHT]).sum())
    for report in learned:
        kept = reference(registry.load(report.model, report.version))
        assert kept is not None
        assert set(kept.bins) == {*seen.customers.names, SCORES[report.model][0]}
        assert {sum(bins.counts) for bins in kept.bins.values()} == {today}
        assert sum(kept.gains.values()) == pytest.approx(1, abs=1e-4)
    assert reference(registry.load("churn", "1")) is None


def test_every_test_of_churn_shows_how_model_and_baseline_came_true(learned: tuple[TrainingReport, ...]) -> None:
    churn, value = learned
    for window in churn.windows:
        assert list(window.calibration) == ["model", "recency_rule"]
        seen = [(bins[:, 1] * bins[:, 3]).sum() for bins in window.calibration.values()]
        assert seen[0] == pytest.approx(seen[1])
        assert all(bins[:, 1].sum() == window.customers for bins in window.calibration.values())
    assert all(list(window.calibration) == ["model", "last_year_spend"] for window in value.windows)
    assert not any(window.profit for window in value.windows)


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_customers_who_are_all_alike_promote_nothing(seed: int, empty_registry: Path, tmp_path: Path) -> None:
    registry = Registry(Path(shutil.copytree(empty_registry, tmp_path / "state")))
    for report in trained(coin_tosses(seed=seed), registry):
        assert (report.promoted, report.grade) == (False, "E")
        assert f"not surely better than {called(BASELINES[report.model])} in the test" in report.reason
    assert {registry.load(n, v).grade for n, v in registry.model_versions().items() if n != "segments"} == {"E"}


def test_training_again_gives_the_same_trees_and_leaves_the_champion(
    learned: tuple[TrainingReport, ...], registry: Registry
) -> None:
    again = trained(shop(), registry)
    for first, second in zip(learned, again, strict=True):
        trees = [registry.load(r.model, r.version).trees for r in (first, second)]
        assert trees[0] == trees[1]
        assert not second.promoted
        assert "not surely better than the champion" in second.reason


def test_a_champion_of_an_earlier_recipe_cannot_score_and_gives_way_to_a_new_one(
    learned: tuple[TrainingReport, ...], registry: Registry, empty_registry: Path, tmp_path: Path
) -> None:
    copied = Registry(Path(shutil.copytree(empty_registry, tmp_path / "state")))
    for report in learned:
        earlier = replace(registry.load(report.model, report.version), facts={"average": 0.5})
        stored = copied.register(earlier, night=NIGHT)
        copied.make_champion(stored)
        with pytest.raises(ModelUnusable, match="an earlier recipe made it"):
            loaded(stored)
    assert [report.promoted for report in trained(shop(), copied)] == [True, True]


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ([("ann", day, 20.0) for day in range(1, 500, 3)], "only 1 customer snapshot from"),
        ([(f"c{n}", 300 + n % 200, 20.0) for n in range(400)], "too short to train"),
        ([(f"c{n}", day, 20.0) for n in range(60) for day in range(1, 500, 20)], "did the same"),
        ([(f"c{n}", 1 + n % 500, 20.0) for n in range(1500)], "did the same"),
        ([(f"c{n}", 1 + n % 50, 20.0) for n in range(100)], "too short to train"),
        ([], "no order is known yet"),
    ],
    ids=["one customer", "all churned long ago", "nobody ever leaves", "everybody leaves", "short history", "nothing"],
)
def test_a_shop_that_teaches_nothing_keeps_the_baseline_and_says_why(
    orders: Orders, said: str, registry: Registry
) -> None:
    before = {name: registry.champion(name) for name in ("churn", "lifetime_value")}
    churn = trained(orders, registry)[0]
    assert (churn.promoted, churn.version) == (False, "")
    assert said in churn.reason
    assert churn.reason == churn.suitability.words
    assert churn.suitability.verdict == "not fit"
    after = {name: registry.champion(name) for name in ("churn", "lifetime_value")}
    assert before == after


def test_a_feature_that_tells_the_outcome_is_found_and_refused(registry: Registry) -> None:
    orders = shop()
    schedules = schedules_of(orders)
    seen = observe(orders, schedules)
    leak = np.nan_to_num(seen.orders[HORIZON]).astype(np.float32)
    names = tuple("points_balance" if n == "overdue_ratio" else n for n in seen.customers.names)
    planted = seen.customers.matrix.copy()
    planted[:, names.index("points_balance")] = leak
    churn = trained(orders, registry, replace(seen, customers=Customers(names, planted)))[0]
    assert churn.version == ""
    assert "points_balance alone tells the outcome" in churn.reason


def test_overlapping_tests_are_refused_before_anything_is_trained(registry: Registry) -> None:
    orders = shop()
    sound = schedules_of(orders)["churn"]
    assert sound.plan is not None
    near = (sound.plan.tests[0], sound.plan.tests[0] - timedelta(days=30), sound.plan.tests[2])
    training = dict.fromkeys(near, sound.plan.training[sound.plan.tests[2]])
    bad = replace(sound, plan=replace(sound.plan, tests=near, training=training))
    schedules = {"churn": bad, "lifetime_value": bad}
    before = len(registry.versions("churn"))
    with pytest.raises(LabelLeak, match="overlap") as refused:
        train_on(observe(orders, schedules), NIGHT, schedules, registry=registry)
    assert (refused.value.still_true, refused.value.where) == (
        "Nothing was trained; the champion stays.", "models.calendar",
    )  # fmt: skip
    assert [row["kind"] for row in registry.versions("churn")[: len(registry.versions("churn")) - before]] == [
        "recency_rule"
    ]


def test_a_run_tells_the_figures_of_every_window_with_their_intervals(learned: tuple[TrainingReport, ...]) -> None:
    churn, value = (metrics_by_window(report.windows) for report in learned)
    for number in (1, 2, 3):
        for told, rival in ((churn, "recency_rule"), (value, "last_year_spend")):
            assert told[f"score_{number}_low"] < told[f"score_{number}"] < told[f"score_{number}_high"]
            gain = f"gain_over_{rival}_{number}"
            assert 0 < told[f"{gain}_low"] < told[gain] < told[f"{gain}_high"]
        assert churn[f"best_profit_model_{number}"] > 0
    assert not any("profit" in name for name in value)


def test_returns_larger_than_sales_and_columns_without_news_train_as_well(registry: Registry) -> None:
    orders = [(c, d, -a if c in ("c1", "c2", "c3") else a) for c, d, a in shop()]
    seen = observe(orders, schedules_of(orders))
    names = (*seen.customers.names, "rating_last", "stores_count_365d")
    empty = np.column_stack([np.full(len(seen.nights), np.nan), np.full(len(seen.nights), 3.0)])
    matrix = np.hstack([seen.customers.matrix, empty.astype(np.float32)])
    for report in trained(orders, registry, replace(seen, customers=Customers(names, matrix))):
        assert report.version
        assert all(np.isfinite(window.score) for window in report.windows)


def test_constant_and_unknown_features_and_negative_spend_do_no_harm() -> None:
    customers, spend = _some()
    fitted = LIFETIME_VALUE.fit(customers, spend, 60)
    values = loaded(fitted).values(customers)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    churn = loaded(CHURN.fit(customers, (spend > 0).astype(float), 60)).values(customers)
    assert ((churn >= 0) & (churn <= 1)).all()


def _some() -> tuple[Customers, Array]:
    drawn = np.random.default_rng(1)
    amount = drawn.normal(20, 40, 200)
    columns = [amount, np.full(200, 7.0), np.full(200, np.nan)]
    names = ("net_amount_365d", "orders_count", "rating_last")
    return Customers(names, np.column_stack(columns).astype(np.float32)), amount + drawn.normal(0, 30, 200)
