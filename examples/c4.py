"""C4 (Raffel et al. 2020, section 2.2): English prose of one crawl of the web.

    python -m examples.c4 --input 'wet/*.warc.wet.gz' --output out/c4

All options of `python -m beam_jobs.build_c4` may follow. The authors read the crawl of April 2019, about 20 TB of text,
and kept 745 GB; the names in brackets are the reasons under which what goes is counted. It is the preset `en`, written
out: change a line here and you have a recipe of your own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from beam_jobs import build_c4
from c4pipe.dedup import SpanLevel, UrlLevel
from c4pipe.rules import (
    BadWords,
    EndMark,
    MaxChars,
    MaxWordLength,
    MinSentences,
    MinWords,
    NoBrace,
    NoJavascript,
    NoLoremIpsum,
    NoPolicy,
    StripCitations,
)
from c4pipe.stages import Clean, Dedup, Filter, Identify, Preset, Read

C4 = Preset(
    "c4",
    "C4, written out",
    (
        Read(),  # WET files: the text that Common Crawl took out of each page
        Filter("length", (MaxChars(190_000),)),  # what no page of prose has [too_long]
        Dedup("url", UrlLevel()),  # of all copies of a page the newest [older_copy]
        Clean(
            "clean",
            (  # lines, in this order: what goes is not shown to the rules behind
                MaxWordLength(1000),  # data, keys, lines without spaces [long_word]
                StripCitations(),  # [1], [citation needed]: an edit, nothing is lost
                EndMark(),  # "only lines that ended in a terminal punctuation mark" [no_end_mark]
                MinWords(5),  # menus and captions [few_words]
                NoLoremIpsum(),  # costs the page [lorem_ipsum]
                NoJavascript(),  # "please enable Javascript" [javascript]
                NoBrace(),  # code; costs the page [curly_brace]
                NoPolicy(),  # cookies and privacy [policy]
            ),
            then=(MinSentences(3),),  # a page of what is left [few_sentences]
        ),
        Dedup("spans", SpanLevel(), then=(MinSentences(3),)),  # three sentences in a row stand once [repeated_span]
        Identify("language", by="langdetect", languages=("en",), min_score=0.99),  # [other_language, unsure_language]
        Filter("badwords", (BadWords(),)),  # the list of dirty, naughty and obscene words; costs the page [bad_word]
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Builds it; the exit code of the build."""
    return build_c4.main(["--preset", "examples.c4:C4", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
