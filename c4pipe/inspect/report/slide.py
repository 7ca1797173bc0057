"""The diagram of a corpus alone, as a file for a slide."""

from __future__ import annotations

from pathlib import Path

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.inspect.report.place import place_of, place_report
from c4pipe.inspect.report.titles import corpus_title
from c4pipe.inspect.sankey import slide, text_flow


def write_slide(corpus: Corpus, named: Path) -> Path:
    """Writes the diagram as SVG; returns its file. The same corpus produces the same bytes, wherever its folder is.

    ConfigError for a corpus without a ledger, and for a file that must not be replaced.
    """
    path = place_of(corpus, named, "--flow")
    with connect(corpus) as db:
        flow = text_flow(corpus, db)
    if flow is None:
        raise ConfigError(f"the manifest of {corpus.folder} has no ledger: there is nothing to draw a flow of.")
    title = corpus_title(corpus)
    place_report(path, slide(flow, title.name, title.says, title.which).encode())
    return path
