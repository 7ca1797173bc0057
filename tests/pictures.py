"""Pictures of the report and of the viewer for the README, as Chromium shows them."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.report import write_report
from tests.conftest import CHROMIUM

PAGE = "mussel-farm"  # a part of the URL of the page that is shown


def photograph(corpus: Path, docs: Path) -> None:
    """Writes report.png, the funnel, and page.png, one page. Leaves them as they are where there is no Chromium."""
    if CHROMIUM is None:
        print(f"{docs}: the pictures of the report and the viewer are left as they are, for there is no Chromium")
        return
    from playwright.sync_api import sync_playwright  # here: the goldens are rendered without

    report = corpus / "report.html"
    write_report(open_corpus(corpus), report)
    with sync_playwright() as playwright, viewer(corpus) as address:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1200, "height": 860})
        page.goto(report.as_uri())
        _save(page.locator("#funnel").screenshot(), docs / "report.png")
        page.goto(f"{address}?q={PAGE}")
        page.click("a.hit")
        page.get_by_text("Most read").scroll_into_view_if_needed()
        _save(page.screenshot(), docs / "page.png")
        chromium.close()


@contextmanager
def viewer(corpus: Path) -> Iterator[str]:
    """The address of a viewer of the corpus, as long as it is open."""
    command = [sys.executable, "-m", "c4pipe.inspect", str(corpus), "--serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0]
        process.terminate()


def _save(picture: bytes, path: Path) -> None:
    """In 64 colours, which is about all that they have."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(64).save(path, optimize=True)
