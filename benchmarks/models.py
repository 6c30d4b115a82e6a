"""What the models reach on public sets: `python -m benchmarks.models --data DIR --json`.

Features and labels are the product's own (features.build, models.training_set), as are recipes and baselines. Labels
of a tested origin are read for its figures alone.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import models_sets as sets
from benchmarks.contract import Check, lower, report
from benchmarks.models_churn import HORIZON_DAYS, churn
from benchmarks.models_contoso import contoso
from benchmarks.models_scoring import scoring
from benchmarks.models_segments import nights as segment_nights
from benchmarks.models_segments import segmented
from benchmarks.models_shop import fictional
from benchmarks.models_subscriptions import subscriptions
from benchmarks.models_training import training
from benchmarks.models_value import Bars, cdnow, nights_before, value
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from models.bgnbd import BgNbd, GammaGamma, Purchases, fit_bgnbd, fit_gamma_gamma
from models.sooner import half, sooner_nights

ORIGIN = date(2011, 9, 10)
ORIGINS = tuple(ORIGIN - timedelta(days=days) for days in (0, 30, 60, 90, 120))
LONG_ORIGIN = date(2011, 6, 12)
RETAIL_START = date(2009, 12, 1)
CDNOW_ORIGIN, CDNOW_START, CDNOW_DAYS, CDNOW_LEARNED = date(1997, 10, 1), date(1997, 1, 1), 273, 90
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
PUBLISHED_SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
SHORT_BARS = Bars(gini=0.825, spearman=0.57, decile_error=0.15, bias=0.10)
LONG_BARS = Bars(gini=0.865, spearman=0.625, decile_error=0.08, bias=0.10)
PARTS = ("parameters", "retail", "cdnow", "contoso", "fictional", "subscriptions", "scoring", "training")
SCORED_CUSTOMERS = 1_000_000


def main(arguments: list[str] | None = None) -> int:
    """Measure every part that was asked for; 0 when all bars are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of public sets")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--customers", type=int, default=1_000_000, help="how many are trained on in `training`")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON on the last line")
    asked = parser.parse_args(arguments)
    parts = {"parameters": parameters, "retail": retail, "cdnow": music, "fictional": shop, "scoring": million}
    parts |= {
        "subscriptions": lambda _: subscriptions(),
        "contoso": contoso,
        "training": lambda _: training(asked.customers),
    }
    return report([check for name in asked.only for check in parts[name](asked.data)], as_json=asked.json)


def parameters(data: Path) -> Iterator[Check]:
    """How far BG/NBD and Gamma-Gamma of the CDNOW sample lie from those published, as a share."""
    seen, orders, mean = sample(data)
    found, spend = fit_bgnbd(seen), fit_gamma_gamma(orders, mean)
    if not isinstance(found, BgNbd) or not isinstance(spend, GammaGamma):
        yield lower("parameters: not fitted", 1, 0)
        return
    for fitted, published in ((found, PUBLISHED), (spend, PUBLISHED_SPEND)):
        for name, known in published.items():
            yield lower(f"parameters: {name} off by", abs(getattr(fitted, name) / known - 1), 0.01)


def retail(data: Path) -> Iterator[Check]:
    """Lifetime value at two horizons and churn on Online Retail II."""
    wanted = [(test, HORIZON_DAYS) for test in (*ORIGINS, ORIGIN - timedelta(days=HORIZON_DAYS))] + [(LONG_ORIGIN, 180)]
    nights = {night for test, days in wanted for night in (test, *nights_before(test, days, RETAIL_START))}
    before = LONG_ORIGIN - timedelta(days=180)
    nights |= {before, *nights_before(before, 180, RETAIL_START), *segment_nights(ORIGIN)}
    for test in ORIGINS:
        nights |= {*sooner_nights(nights_before(test, HORIZON_DAYS, RETAIL_START), HORIZON_DAYS)}
    spark = spark_session(settings())
    seen = sets.seen_on(spark, sets.online_retail(data), nights, (half(HORIZON_DAYS), HORIZON_DAYS, 180))
    spark.stop()
    yield from value(seen, ORIGIN, HORIZON_DAYS, RETAIL_START, SHORT_BARS, "retail 90 days")
    yield from value(seen, LONG_ORIGIN, 180, RETAIL_START, LONG_BARS, "retail 180 days")
    yield from churn(seen, ORIGINS, RETAIL_START)
    yield from segmented(seen, ORIGIN)


def music(data: Path) -> Iterator[Check]:
    """The second 39 weeks of CDNOW from the first."""
    nights = (CDNOW_ORIGIN, *nights_before(CDNOW_ORIGIN, CDNOW_LEARNED, CDNOW_START))
    spark = spark_session(settings())
    seen = sets.seen_on(spark, sets.cdnow(data), nights, (CDNOW_LEARNED, CDNOW_DAYS))
    spark.stop()
    yield from cdnow(seen, CDNOW_ORIGIN, CDNOW_LEARNED, CDNOW_DAYS, CDNOW_START)


def shop(_: Path) -> Iterator[Check]:
    """Churn and value of the fictional retailer beside the best that is possible."""
    yield from fictional()


def million(_: Path) -> Iterator[Check]:
    """Scoring a million made-up customers with reasons."""
    yield from scoring(SCORED_CUSTOMERS)


def sample(data: Path) -> tuple[Purchases, np.ndarray, np.ndarray]:
    """The tenth of CDNOW that the papers use: counts and ages in weeks, repeat orders and their mean spend."""
    names = ["master", "customer", "day", "cds", "amount"]
    lines = pd.read_csv(data / "cdnow" / "CDNOW_sample.txt", sep=r"\s+", names=names, parse_dates=["day"])
    lines = lines[lines["day"] < "1997-10-01"]
    days = lines.groupby(["customer", "day"], as_index=False)["amount"].sum()
    days["first"] = days.groupby("customer")["day"].transform("min")
    repeats = days[days["day"] > days["first"]].groupby("customer")["amount"]
    each = days.groupby("customer").agg(first=("day", "min"), last=("day", "max"))
    counts = repeats.size().reindex(each.index, fill_value=0).to_numpy(float)
    last = (each["last"] - each["first"]).dt.days.to_numpy() / 7
    age = (pd.Timestamp("1997-09-30") - each["first"]).dt.days.to_numpy() / 7
    mean = repeats.mean().reindex(each.index, fill_value=0.0).to_numpy(float)
    return Purchases(counts, last, age), counts, mean


if __name__ == "__main__":
    sys.exit(main())
