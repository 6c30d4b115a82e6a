"""Chromium shows a page as a person would see it."""

from pathlib import Path

from tests.tools.chromium import Chromium

PAGE = "<!doctype html><title>A night</title><body style='background:#0a7'><h1>Regulars</h1>"


def test_page_is_loaded_with_its_text(chromium: Chromium, tmp_path: Path) -> None:
    file = tmp_path / "night.html"
    file.write_text(PAGE)
    with chromium.page(file) as page:
        assert (page.title(), page.inner_text("h1")) == ("A night", "Regulars")


def test_screenshot_shows_what_the_page_holds(chromium: Chromium, tmp_path: Path) -> None:
    from matplotlib.image import imread

    file = tmp_path / "night.html"
    file.write_text(PAGE)
    image = imread(chromium.screenshot(file, to=tmp_path / "night.png", width=300, height=200))
    corner = [round(float(channel) * 255) for channel in image[-1, -1, :3]]
    assert (image.shape[1], corner) == (300, [0x00, 0xAA, 0x77])
