"""The helper process of `bench.parts`: runs the reference's own `clean_page` over the same pages on request.

    bench/.venv-reference/bin/python bench/reference_clean.py PAGES.json

PAGES.json is a list of [url, text, timestamp]. Each line on stdin is answered by one on stdout: the CPU seconds of one
pass over all pages, and the SHA-256 of the kept pages.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any


def digest(kept: list[tuple[str, str]]) -> str:
    """The SHA-256 of the kept pages, each (url, text)."""
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def main() -> None:
    """Answers until stdin ends."""
    from reference import Reference  # next to this script; `bench.parts` imports only `digest`

    utils: Any = Reference().utils
    rows = json.loads(Path(sys.argv[1]).read_bytes())
    pages = [utils.PageFeatures(url=url, text=text, timestamp=timestamp) for url, text, timestamp in rows]
    clean_page = utils.get_clean_page_fn()
    list(clean_page(utils.PageFeatures(url="http://a.example/", text="It warms up with this line.")))
    for _ in sys.stdin:
        started = time.process_time()
        kept = [(page.url, page.text) for given in pages for page in clean_page(given)]
        seconds = time.process_time() - started
        print(json.dumps([seconds, digest(kept)]), flush=True)


if __name__ == "__main__":
    main()
