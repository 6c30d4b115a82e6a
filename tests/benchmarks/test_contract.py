"""Every benchmark ends with the same JSON."""

import json

import pytest

from benchmarks.contract import higher, lower, report


def test_last_line_holds_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([lower("seconds", 2, 3), higher("rows", 5)], as_json=True) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last == {
        "checks": [
            {"name": "seconds", "value": 2.0, "bar": 3, "better": "lower", "ok": True},
            {"name": "rows", "value": 5.0, "bar": None, "better": "higher", "ok": True},
        ]
    }


def test_missed_bar_is_not_ok(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([lower("seconds", 4, 3)], as_json=False) == 1
    assert report([higher("F1", 0.7, 0.8)], as_json=False) == 1
    assert capsys.readouterr().out.count("MISS") == 2
