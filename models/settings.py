"""The sections `churn` and `lifetime_value` of the retailer file."""

from pydantic import BaseModel, ConfigDict, Field


class HorizonSettings(BaseModel):
    """How far ahead a model looks."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    horizon_days: int = Field(ge=30, le=730)


class ChurnSettings(HorizonSettings):
    """Churn: no order in the next `horizon_days` days."""

    horizon_days: int = Field(default=90, ge=30, le=730)


class LifetimeValueSettings(HorizonSettings):
    """Lifetime value: spend less returns in the next `horizon_days` days."""

    horizon_days: int = Field(default=365, ge=30, le=730)


class ModelSettings(BaseModel):
    """Both sections, as the retailer file holds them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    churn: ChurnSettings = ChurnSettings()
    lifetime_value: LifetimeValueSettings = LifetimeValueSettings()

    @property
    def horizons(self) -> dict[str, int]:
        """Horizon in days by model name."""
        return {"churn": self.churn.horizon_days, "lifetime_value": self.lifetime_value.horizon_days}
