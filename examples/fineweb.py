"""FineWeb (Penedo et al. 2024), as far as it hangs on the text of pages: the rules of datatrove's examples/fineweb.py.

    python -m examples.fineweb --input 'warc/*.warc.gz' --input-format warc --output out/fineweb
    python -m examples.fineweb --input 'wet/*.warc.wet.gz' --exclude blacklists/adult --output out/fineweb

In the authors' order: lists of addresses (`--exclude` takes them), text by trafilatura (here by resiliparse, or Common
Crawl's own), English at 0.65, Gopher's rules on repetition and quality, C4's without the end mark, FineWeb's own, near
duplicates of each crawl, and last e-mail and public IP addresses, which are masked. It is the preset `fineweb.near`
with masks, written out: the names in brackets are the reasons under which what goes is counted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from beam_jobs import build_c4
from c4pipe.dedup import NearLevel, UrlLevel
from c4pipe.rules import (
    MaxBulletLines,
    MaxEllipses,
    MaxEllipsisLines,
    MaxHashes,
    MaxLineCopies,
    MaxMeanWord,
    MaxNewlines,
    MaxRepeatedLineChars,
    MaxRepeatedLines,
    MaxRepeatedParagraphChars,
    MaxRepeatedParagraphs,
    MaxRepeatedRuns,
    MaxShortLines,
    MaxSpokenWords,
    MaxTopRun,
    MaxWordLength,
    MinEndedLines,
    MinLetteredWords,
    MinMeanWord,
    MinSentences,
    MinSpokenWords,
    MinStopWords,
    MinWords,
    NoBrace,
    NoJavascript,
    NoLoremIpsum,
    NoPolicy,
    StripCitations,
)
from c4pipe.stages import Clean, Dedup, Filter, Identify, Preset, Read
from c4pipe.stages.personal import MaskPersonal

FINEWEB = Preset(
    "fineweb",
    "FineWeb, written out",
    (
        Read(),
        Dedup("url", UrlLevel()),  # keeps the newest copy of a page [older_copy]
        Identify("language", by="fasttext", languages=("en",), min_score=0.65),  # [other_language, unsure_language]
        Filter(
            "repetition",
            (  # of Gopher's table A1; shares are of the page
                MaxRepeatedParagraphs(0.3),  # paragraphs that occur earlier [gopher_repeated_paragraphs]
                MaxRepeatedParagraphChars(0.2),  # [gopher_repeated_paragraph_chars]
                MaxRepeatedLines(0.3),  # [gopher_repeated_lines]
                MaxRepeatedLineChars(0.2),  # [gopher_repeated_line_chars]
                MaxTopRun((2, 3, 4), (0.20, 0.18, 0.16)),  # the most frequent run of n words [gopher_top_run]
                MaxRepeatedRuns((5, 6, 7, 8, 9, 10), (0.15, 0.14, 0.13, 0.12, 0.11, 0.10)),  # [gopher_repeated_runs]
            ),
        ),
        Filter(
            "quality",
            (
                MinSpokenWords(50),  # a page of fewer is a stub [gopher_few_words]
                MaxSpokenWords(100_000),  # [gopher_many_words]
                MinMeanWord(3),  # letters on average [gopher_short_words]
                MaxMeanWord(10),  # [gopher_long_words]
                MaxHashes(0.1),  # "#" per word [gopher_hashes]
                MaxEllipses(0.1),  # "..." per word [gopher_ellipses]
                MaxBulletLines(0.9),  # [gopher_bullets]
                MaxEllipsisLines(0.3),  # lines that are cut off [gopher_cut_lines]
                MinLetteredWords(0.8),  # words with a letter in them [gopher_few_letters]
                MinStopWords(2),  # of "the", "be", "to", "of", ... [gopher_few_stop_words]
            ),
        ),
        Clean(
            "c4",
            (  # C4's lines but for the end mark, as datatrove has them
                MaxWordLength(1000),  # [long_word]
                MinWords(3),  # in front of the citations, which count here [few_words]
                StripCitations(),
                NoLoremIpsum(),  # costs the page [lorem_ipsum]
                NoJavascript(),  # [javascript]
                NoBrace(),  # costs the page [curly_brace]
                NoPolicy(),  # [policy]
            ),
            then=(MinSentences(5, splitter="sentencizer:en"),),  # spaCy's splitter [few_sentences]
        ),
        Filter(
            "fineweb",
            (  # section 3.4 of the paper
                MinEndedLines(0.12),  # lines that end as sentences do [fineweb_few_ends]
                MaxShortLines(0.67, chars=30),  # [fineweb_short_lines]
                MaxLineCopies(0.01),  # characters in repeated lines [fineweb_line_copies]
                MaxNewlines(0.3),  # per word [fineweb_list]
            ),
        ),
        Dedup("near", NearLevel(bands=14, rows=8, shingle=5)),  # within a crawl [near_duplicate]
        MaskPersonal(kinds=("email", "ip")),  # [email_address, ip_address]
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Builds it, a crawl at a time as the authors do; the exit code of the build."""
    given = sys.argv[1:] if argv is None else argv
    return build_c4.main(["--preset", "examples.fineweb:FINEWEB", *given])


if __name__ == "__main__":
    sys.exit(main())
