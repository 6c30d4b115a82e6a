"""Articles, stores and exchange rates as the merchandise system exports them."""

from datetime import timedelta

import numpy as np
import pandas as pd

from synthetic.catalogue import assortment, pound_rates, stores
from synthetic.files import Csv, Delivery, Xlsx
from synthetic.randomness import generator
from synthetic.settings import Plan

PRODUCTS = Delivery("erp", "products", Csv(delimiter="\t"))
STORES = Delivery("erp", "stores", Xlsx("Stores"))
RATES = Delivery("erp", "rates", Csv())


def products(plan: Plan, night: int) -> pd.DataFrame:
    """All articles; a few are relabelled every night."""
    found = assortment(plan.seed).products.copy()
    price = found.pop("list_price").to_numpy().copy()
    for passed in range(1, night + 1):
        price[generator(plan.seed, "prices", passed).integers(0, len(price), 5)] += 0.5
    return found.assign(list_price=[f"{value:.2f}" for value in price], _night=night)


def store_list() -> pd.DataFrame:
    """All stores, delivered once."""
    found = stores()[["store_id", "store_name", "group", "country"]]
    return found.rename(columns={"group": "region"}).assign(_night=0)


def rates(plan: Plan) -> pd.DataFrame:
    """Euros per pound, one row per day; the euro itself is the retailer's currency."""
    days = np.arange(-plan.days, plan.nights)
    return pd.DataFrame(
        {
            "currency": "GBP",
            "valid_from": [(plan.first_night + timedelta(days=int(day))).isoformat() for day in days],
            "rate": pound_rates(plan.seed, plan.days, plan.nights)[: len(days)],
            "_night": np.maximum(0, days + 1),
        }
    )
