"""Chromium for a look at pages as a person sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

# Without a sandbox because it needs rights that containers do not give; the rest keeps it from calling home.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Chromium:
    """An installed Chromium; each page runs in a browser of its own, so that no event loop stays behind."""

    program: Path

    @contextmanager
    def page(self, address: str | Path, *, width: int = 1280, height: int = 900) -> Iterator[Page]:
        """The page at this address or file, loaded, for as long as the block runs."""
        url = Path(address).resolve().as_uri() if isinstance(address, Path) else address
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=self.program, args=list(FLAGS))
            try:
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(url)
                yield page
            finally:
                browser.close()

    def screenshot(self, address: str | Path, *, to: Path, width: int = 1280, height: int = 900) -> Path:
        """The whole page as a PNG file."""
        with self.page(address, width=width, height=height) as page:
            page.screenshot(path=to, full_page=True)
        return to
