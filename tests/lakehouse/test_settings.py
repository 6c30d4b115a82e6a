"""What this machine's variables say, and what is told of one that says nothing."""

import pytest

from lakehouse.errors import WrongCall
from lakehouse.settings import settings


@pytest.mark.parametrize(("value", "steps"), [(None, None), ("", None), ("0", None), ("1", 1), (" 3 ", 3)])
def test_steps_at_once_are_a_number_or_left_to_the_cores(
    value: str | None, steps: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HABITUE_STEPS_AT_ONCE", raising=False)
    if value is not None:
        monkeypatch.setenv("HABITUE_STEPS_AT_ONCE", value)
    assert settings().steps_at_once == steps


@pytest.mark.parametrize("value", ["abc", "-1", "2.5"])
def test_steps_at_once_that_are_no_number_say_what_to_type(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HABITUE_STEPS_AT_ONCE", value)
    with pytest.raises(WrongCall, match=f"HABITUE_STEPS_AT_ONCE: `{value}` is no whole number") as wrong:
        settings()
    assert "export HABITUE_STEPS_AT_ONCE=2" in str(wrong.value)
