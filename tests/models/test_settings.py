"""The sections of the models in the retailer file."""

import pytest
from pydantic import ValidationError

from models.settings import ChurnSettings, ModelSettings


def test_a_band_begins_where_acting_costs_less_than_overlooking() -> None:
    settings = ChurnSettings(overlooked_costs_high=1, overlooked_costs_medium=3)
    assert (settings.high_from, settings.medium_from) == (0.5, 0.25)
    assert (ChurnSettings().high_from, ChurnSettings().medium_from) == pytest.approx((2 / 3, 1 / 3))


def test_a_medium_band_that_begins_after_the_high_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="overlooked_costs_medium must be above overlooked_costs_high"):
        ChurnSettings(overlooked_costs_high=2, overlooked_costs_medium=1)


def test_only_what_the_profile_holds_may_part_customers_into_groups() -> None:
    assert ModelSettings.model_validate({"fairness": ["gender", "region"]}).fairness == ("gender", "region")
    with pytest.raises(ValidationError, match="'age_band', 'gender' or 'region'"):
        ModelSettings.model_validate({"fairness": ["income"]})
