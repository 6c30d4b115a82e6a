"""Churn: no order in the next `horizon_days` days."""

import numpy as np

from models import trees
from models.metrics import auc
from models.model import Array, Customers, Fitted, Model


def outcome(orders: Array, net_spend: Array) -> Array:  # noqa: ARG001
    """1 for a customer without an order in the window, else 0 (a return is no order); NaN where it is still open."""
    churned: Array = np.where(np.isnan(orders), np.nan, orders == 0)
    return churned


def fit(customers: Customers, churned: Array, horizon_days: int) -> Fitted:
    """Trees for the probability of churn."""
    grown = trees.grow(customers, churned, {"objective": "binary:logistic", "eval_metric": "auc"})
    facts = {"average": float(churned.mean())}
    return Fitted("churn", "trees", horizon_days, customers.names, facts, grown)


CHURN = Model(
    name="churn",
    outcome=outcome,
    fit=fit,
    baseline="recency_rule",
    rivals=("logistic_rfm",),
    metric=auc,
    metric_name="AUC",
    margin=0.02,
)
