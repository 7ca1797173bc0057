"""Other corpora's recipes as presets, as far as they depend on the text of a page.

What each of them did besides is noted with its definition. All of them read web archives and extracted the text
with their own tools (FineWeb trafilatura, DCLM resiliparse). Common Crawl's extracted text has more menus in it, so
they drop more here. All keep one page per URL, as every preset does.
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

# FineWeb and DCLM ask lid.176.bin; ours is lid.176.ftz, the same made small. `--langid fasttext:FILE` takes theirs.
_ENGLISH = Identify("language", by="fasttext", languages=("en",), min_score=0.65)
_QUALITY, _REPETITION = Filter("quality", GOPHER_QUALITY), Filter("repetition", GOPHER_REPETITION)
_FIRST = (Read(), Dedup("url", UrlLevel()), _ENGLISH)

# Left out: SafeSearch, by which Google knows pages for adults; the removal of near duplicates, 13-grams at 0.8, and of
# what the test sets hold (`--benchmarks`). MassiveText adds nothing else for web pages (Rae et al. 2021, A1.1).
GOPHER = Preset(
    "gopher",
    "Gopher's MassiveWeb: rules on quality and repetition over whole pages; no line is cut",
    (*_FIRST, _QUALITY, _REPETITION),
)
# Left out: lists of addresses of pages for adults; e-mail and IP addresses put out of sight. A word counts before its
# citation mark goes, so `MinWords` stands in front of that edit, as in datatrove's `C4QualityFilter`.
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
FINEWEB_NEAR = FINEWEB.named("fineweb.near", "`fineweb`, and of near duplicates one page stays").after(
    "fineweb", Dedup("near", NearLevel())
)
# Left out: lists of addresses and of words in them; near duplicates by a Bloom filter over 13-grams; the classifier of
# instructions against the web (fastText, kept above 0.018112), which makes DCLM-Baseline of it and belongs behind
# "corrected". Here the language is asked before addresses are cut from the text, so that presets share the answer.
DCLM = Preset(
    "dclm",
    "DCLM's pool, cleaned as RefinedWeb: Gopher's rules over words of its own, then lines; what loses many goes",
    (
        *_FIRST,
        Clean("addresses", (StripAddresses(), NoBlankLine())),
        Filter("pages", DCLM_PAGES),
        Corrected("corrected", DCLM_LINES),
    ),
)
RECIPES = (GOPHER, FINEWEB, FINEWEB_NEAR, DCLM)
