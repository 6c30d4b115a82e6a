"""The sections `churn`, `lifetime_value` and `fairness` of the retailer file."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Attribute = Literal["age_band", "gender", "region"]
"""What the section `fairness` may name: how versions did is told by group of it, and it is never a feature."""
PROFILE_COLUMNS: dict[Attribute, str] = {"age_band": "age_band", "gender": "gender_group", "region": "region"}
"""The column of unified.customer_profile behind each."""


class HorizonSettings(BaseModel):
    """How far ahead a model looks."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    horizon_days: int = Field(ge=30, le=730)


class ChurnSettings(HorizonSettings):
    """Churn: no order in the next `horizon_days` days, and from which probability a customer is shown as leaving.

    With `label: contract` (subscriptions) it is that cover lapses for more than a week of grace by the horizon's last
    day, also where somebody comes back after that; who has no cover on the night is not scored. Windows that are not
    closed are dropped: a term that is agreed beyond the feed's end may still be cancelled and counts as nothing yet.
    Units: what overlooking somebody who leaves costs, as a multiple of acting for somebody who would have stayed;
           contact_costs in the retailer's currency (unless stated the dearest of `channels` that tell a price),
           contact_keeps is the share of leavers whom a contact keeps: both are for the profit curve, which is reported
           and decides nothing.
    Source: Elkan (2001), "The foundations of cost-sensitive learning": act from cost / (cost + cost of overlooking).
            Verbraken, Verbeke and Baesens (2013): a contact of 1, and Beta(6, 14), mean 0.3, of leavers who stay.
    """

    horizon_days: int = Field(default=90, ge=30, le=730)
    label: Literal["orders", "contract"] = "orders"
    overlooked_costs_high: float = Field(default=0.5, gt=0, le=100)
    overlooked_costs_medium: float = Field(default=2.0, gt=0, le=100)
    contact_costs: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    contact_keeps: float = Field(default=0.3, gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> "ChurnSettings":
        if self.overlooked_costs_medium <= self.overlooked_costs_high:
            raise ValueError("overlooked_costs_medium must be above overlooked_costs_high: medium begins earlier")
        return self

    @property
    def by_contract(self) -> bool:
        """Whether cover that lapses, not a missing order, is what is foretold."""
        return self.label == "contract"

    @property
    def high_from(self) -> float:
        """The probability from which acting costs less than not acting, where acting is dear (the band high)."""
        return 1 / (1 + self.overlooked_costs_high)

    @property
    def medium_from(self) -> float:
        """The same where acting is cheap (the band medium)."""
        return 1 / (1 + self.overlooked_costs_medium)


DEFAULT_CHURN = ChurnSettings()


class LifetimeValueSettings(HorizonSettings):
    """Lifetime value: spend less returns in the next `horizon_days` days."""

    horizon_days: int = Field(default=365, ge=30, le=730)


class ModelSettings(BaseModel):
    """The sections, as the retailer file holds them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    churn: ChurnSettings = DEFAULT_CHURN
    lifetime_value: LifetimeValueSettings = LifetimeValueSettings()
    fairness: tuple[Attribute, ...] = ()

    @property
    def horizons(self) -> dict[str, int]:
        """Horizon in days by model name."""
        return {"churn": self.churn.horizon_days, "lifetime_value": self.lifetime_value.horizon_days}
