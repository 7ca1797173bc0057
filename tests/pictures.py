"""Pictures of the report and the viewer for the README, rendered by Chromium, each from the top of its page."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.report import write_report
from c4pipe.inspect.report.slide import write_slide
from tests.conftest import CHROMIUM

DOMAIN, PAGE = "makersalmanac.example", "tie-a-bowline"  # of the URL of the page that is shown
WIDTH = 1200


def photograph(corpus: Path, docs: Path) -> None:
    """Writes flow.svg; report.png, the report from its title to the end of the diagram; and page.png, one page from its
    address to its last line. Leaves the latter two as they are where there is no Chromium."""
    write_slide(open_corpus(corpus), docs / "flow.svg")
    if CHROMIUM is None:
        print(f"{docs}: the pictures of the report and the viewer are left as they are, for there is no Chromium")
        return
    from playwright.sync_api import sync_playwright  # here: the goldens are rendered without

    report = corpus / "report.html"
    write_report(open_corpus(corpus), report)
    with sync_playwright() as playwright, viewer(corpus) as address:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": WIDTH, "height": 860})
        page.goto(report.as_uri())
        _save(_down_to(page, "#flow figure"), docs / "report.png")
        page.goto(f"{address}?domain={DOMAIN}")  # by a search what was looked for would be marked
        page.click(f"a.hit:has-text('{PAGE}')")
        page.wait_for_selector(".sheet")
        _save(_down_to(page, ".sheet"), docs / "page.png")
        chromium.close()


def _down_to(page: Any, selector: str) -> bytes:
    """The page from its top to the end of an element."""
    box = page.locator(selector).bounding_box()
    for _ in range(2):  # lines out of sight have no height of their own yet
        page.set_viewport_size({"width": WIDTH, "height": int(box["y"] + box["height"]) + 8})
        page.wait_for_timeout(200)
        box = page.locator(selector).bounding_box()
    return bytes(page.screenshot())


@contextmanager
def viewer(corpus: Path) -> Iterator[str]:
    """The address of a viewer of the corpus, as long as it is open."""
    command = [sys.executable, "-m", "c4pipe.inspect", str(corpus), "--serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[0]
        finally:
            process.terminate()


def _save(picture: bytes, path: Path) -> None:
    """In 128 colours, which is about all that they have."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(128).save(path, optimize=True)
