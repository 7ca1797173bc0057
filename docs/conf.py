"""The site of the docs: `make docs`. The source folder is the checkout, so that links to code and to README hold."""

from __future__ import annotations

import re
from typing import Any

project = "c4pipe"
author = "the c4pipe authors"
project_copyright = author
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", *(f"{room}/README.md" for room in ("c4pipe", "model", "data_samples")), "docs/**"]
exclude_patterns = ["AGENTS.md"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # a page of a rule begins as the viewer wants it
html_theme = "furo"
html_title = "c4pipe"
templates_path = ["."]
html_additional_pages = {"index": "to_index.html"}
html_copy_source = False
html_baseurl = "."

CONTENTS = {
    "Guides": "guides",
    "Explanation": "explanation",
    "Reference": "(?:reference|rules)",
    "For developers": r"\.\.",
}
LINK = r"\]\((%s/[\w/-]+)\.md\)"


def setup(app: Any) -> None:
    """Gives the index its contents, of which GitHub would show the markup."""
    app.connect("source-read", _add_contents)


def _add_contents(_: Any, name: str, source: list[str]) -> None:
    """Pages stand in the order in which the index links to them."""
    if name == root_doc:
        for caption, folder in CONTENTS.items():
            pages = "\n".join(dict.fromkeys(re.findall(LINK % folder, source[0])))
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"
    elif name == "docs/rules/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n"
