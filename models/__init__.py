"""The models: what is predicted about a customer. A new one is one line here."""

from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.model import Model

MODELS: tuple[Model, ...] = (CHURN, LIFETIME_VALUE)
