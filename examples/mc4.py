"""mC4 (Xue et al. 2021, section 3.1): the web in a hundred languages, and the mixture that mT5 was trained on.

    python -m examples.mc4 --input 'wet/*.warc.wet.gz' --output out/mc4 --mixture out/mc4.mixed
    python -m examples.mc4 --input data_samples --output out/mc4 --mixture out/mc4.mixed --min-pages 0

The authors read 71 crawls and kept 107 languages, each in a folder of its own here. Most scripts have no full stop of
C4's kind, so a page is judged by long lines instead. They asked cld3 for the language, at 0.7; we ask three witnesses
and write `und` where these do not agree (`--langid cld3` asks cld3). It is the preset `multilingual` with the paper's
least number of pages a language; with fewer inputs, set `--min-pages`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from beam_jobs import build_c4, rebalance
from c4pipe.dedup import LineLevel, UrlLevel
from c4pipe.langid.base import UND
from c4pipe.languages.codes import MC4
from c4pipe.rules import BadWords, MaxChars, MinParagraphs
from c4pipe.stages import Dedup, Filter, Identify, Preset, Read, Size

MULTILINGUAL_C4 = Preset(
    "mc4",
    "mC4, written out",
    (
        Read(),
        Filter("length", (MaxChars(190_000),)),
        Dedup("url", UrlLevel()),
        Filter("paragraphs", (MinParagraphs(paragraphs=3, chars=200),)),  # instead of end marks [few_paragraphs]
        Dedup("lines", LineLevel()),  # a line stands once in the corpus [repeated_line]
        Identify("language", by="consensus", languages=(*MC4, UND), min_score=0.0),
        Filter("badwords", (BadWords(fraction=0.999),)),  # all but one page in a thousand of those with a listed word
        Size("size", pages=10_000),  # "languages with at least 10,000 pages" [few_pages]
    ),
    own="mc4",
)
ALPHA = 0.3  # a language of n pages is read in proportion to n ** ALPHA (Xue et al. 2021, section 3.2)


def main(argv: Sequence[str] | None = None) -> int:
    """Builds it and mixes its languages; the exit code of what failed, or 0."""
    parser = argparse.ArgumentParser(prog="python -m examples.mc4", allow_abbrev=False)
    parser.add_argument("--output", required=True, metavar="DIR", help="folder of the corpus")
    parser.add_argument("--mixture", required=True, metavar="DIR", help="folder of the mixture")
    args, rest = parser.parse_known_args(argv)
    failed = build_c4.main(["--preset", "examples.mc4:MULTILINGUAL_C4", "--output", args.output, *rest])
    return failed or rebalance.main(["--corpus", args.output, "--output", args.mixture, "--alpha", str(ALPHA)])


if __name__ == "__main__":
    sys.exit(main())
