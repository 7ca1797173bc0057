"""Other corpora's recipes as presets, as far as they depend on the text of a page.

What each of them did in addition is noted with its definition. All of them read web archives and extracted the text
with their own tools (FineWeb trafilatura, DCLM resiliparse). Common Crawl's extracted text contains more menus, so
these presets drop more. All keep one page per URL, as every preset does.
"""

from __future__ import annotations

from c4pipe.dedup import NearLevel, UrlLevel
from c4pipe.rules import (
    DCLM_LINES,
    DCLM_PAGES,
    FINEWEB_QUALITY,
    GOPHER_QUALITY,
    GOPHER_REPETITION,
    MaxWordLength,
    MinSentences,
    MinWords,
    NoBlankLine,
    NoBrace,
    NoJavascript,
    NoLoremIpsum,
    NoPolicy,
    StripAddresses,
    StripCitations,
)
from c4pipe.stages import Clean, Corrected, Dedup, Filter, Identify, Preset, Read

# FineWeb and DCLM use lid.176.bin; ours is lid.176.ftz, its compressed form. `--langid fasttext:FILE` selects theirs.
_ENGLISH = Identify("language", by="fasttext", languages=("en",), min_score=0.65)
_QUALITY, _REPETITION = Filter("quality", GOPHER_QUALITY), Filter("repetition", GOPHER_REPETITION)
_FIRST = (Read(), Dedup("url", UrlLevel()), _ENGLISH)

# Left out: SafeSearch, Google's filter for adult pages; the removal of near duplicates, 13-grams at 0.8, and of test
# items (`--benchmarks`). MassiveText adds nothing else for web pages (Rae et al. 2021, A1.1).
GOPHER = Preset(
    "gopher",
    "Gopher's MassiveWeb: rules on quality and repetition over whole pages; no line is cut",
    (*_FIRST, _QUALITY, _REPETITION),
)
# Left out: address lists of adult pages; masking of e-mail and IP addresses. A word counts before its citation mark is
# removed, so `MinWords` precedes that edit, as in datatrove's `C4QualityFilter`.
FINEWEB = Preset(
    "fineweb",
    "FineWeb: Gopher's rules, C4's without the end mark, and its own on lines; without the removal of near duplicates",
    (
        *_FIRST,
        _REPETITION,
        _QUALITY,
        Clean(
            "c4",
            (MaxWordLength(), MinWords(3), StripCitations(), NoLoremIpsum(), NoJavascript(), NoBrace(), NoPolicy()),
            then=(MinSentences(5, splitter="sentencizer:en"),),
        ),
        Filter("fineweb", FINEWEB_QUALITY),
    ),
)
# FineWeb's numbers are those of the level: 14 bands of 8 minima over runs of 5 words.
FINEWEB_NEAR = FINEWEB.named("fineweb.near", "`fineweb`, then near duplicates: one page of each group is kept").after(
    "fineweb", Dedup("near", NearLevel())
)
# Left out: lists of addresses and of words in them; near duplicates by a Bloom filter over 13-grams; the classifier of
# instructions against the web (fastText, kept above 0.018112), which produces DCLM-Baseline and belongs after
# "corrected". Here the language is identified before addresses are cut, so that presets share the result.
DCLM = Preset(
    "dclm",
    "DCLM's pool, cleaned as RefinedWeb: Gopher's rules over its own words, then lines; drops pages that lose many",
    (
        *_FIRST,
        Clean("addresses", (StripAddresses(), NoBlankLine())),
        Filter("pages", DCLM_PAGES),
        Corrected("corrected", DCLM_LINES),
    ),
)
RECIPES = (GOPHER, FINEWEB, FINEWEB_NEAR, DCLM)
