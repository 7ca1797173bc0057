"""The result of a comparison on one page: the verdict, the differences in words, and the outcomes of the pages."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.fates import compare
from c4pipe.facts.verdict import CorpusVerdict
from c4pipe.inspect.report.render import Section, styled_page


def comparison_page(
    verdict: CorpusVerdict,
    words: Sequence[str],
    left: Sequence[str],
    taken: Sequence[str],
    picture: bytes,
    corpora: tuple[Corpus, Corpus] | None = None,
) -> str:
    """The page as a string.

    Args:
        words: the differences, one sentence each.
        left: what was left out.
        taken: what reasons dropped from both, by their ledgers.
        picture: SVG.
        corpora: both, if both are ours: then the outcomes of their pages are shown, too.
    """
    sections = [Section("verdict", "The verdict"), Section("words", "What differs")]
    sections += [Section("taken", "What was dropped, by both ledgers")] if taken else []
    sections += [Section("left", "What was left out")] if left else []
    sections += [Section("against", "What became of the pages")] if corpora else []
    return styled_page(
        "comparison.html",
        verdict=verdict,
        lists={"words": words, "left": left, "taken": taken},
        picture=f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}",
        comparison=compare(*corpora) if corpora else None,
        other=corpora[1].manifest if corpora else None,
        sections=sections,
    )
