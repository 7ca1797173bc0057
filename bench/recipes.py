"""Compares our rules for other recipes with datatrove's, rule by rule and page by page, and measures their cost.

    texts of WET files -> bench/rivals/datatrove_filters.py -> words, reasons ─┐
    texts of WET files -> c4pipe.rules                      -> words, reasons ─┴-> a table; exit code 1 below 99.9 %

`make recipes`, or `python -m bench.recipes --python bench/.venv-datatrove/bin/python [--input WET...] [--pages N]`.
Every rule is applied to every page, whatever its language, then every filter for its first reason. Words are compared
with spaCy's and, between Unicode boundaries, with those of uniseg, which DCLM uses. `--speed` measures instead: the CPU
time of one build of `en`, and of `en,gopher,fineweb,dclm`, alternately.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.inputs import pages_of
from bench.parity import ROOT, default_inputs
from bench.recipes_speed import measured
from bench.rivals.datatrove_filters import digest
from c4pipe.page import Page, Rejected
from c4pipe.recipes import FINEWEB
from c4pipe.rules import FINEWEB_QUALITY, GOPHER_QUALITY, GOPHER_REPETITION, PageRule
from c4pipe.stages import Clean, judge
from c4pipe.text import sentence_splitter
from c4pipe.text.between import numbered_unicode
from c4pipe.text.english import english_words

ENOUGH = 0.999  # share of pages on which a rule must agree
VENV = ROOT / "bench" / ".venv-datatrove" / "bin" / "python"
# Our codes -> their reasons; theirs include the size of a run, which we put into the detail.
REASONS = {
    "gopher_few_words": "gopher_short_doc",
    "gopher_many_words": "gopher_long_doc",
    "gopher_short_words": "gopher_below_avg_threshold",
    "gopher_long_words": "gopher_above_avg_threshold",
    "gopher_hashes": "gopher_too_many_hashes",
    "gopher_ellipses": "gopher_too_many_ellipsis",
    "gopher_bullets": "gopher_too_many_bullets",
    "gopher_cut_lines": "gopher_too_many_end_ellipsis",
    "gopher_few_letters": "gopher_below_alpha_threshold",
    "gopher_few_stop_words": "gopher_enough_stop_words",
    "gopher_repeated_paragraphs": "dup_para_frac",
    "gopher_repeated_paragraph_chars": "dup_para_char_frac",
    "gopher_repeated_lines": "dup_line_frac",
    "gopher_repeated_line_chars": "dup_line_char_frac",
    "gopher_top_run": "top_{}_gram",
    "gopher_repeated_runs": "duplicated_{}_n_grams",
    "fineweb_few_ends": "line_punct_ratio",
    "fineweb_short_lines": "short_line_ratio",
    "fineweb_line_copies": "char_dup_ratio",
    "fineweb_list": "list_ratio",
    "lorem_ipsum": "lorem_ipsum",
    "curly_brace": "curly_bracket",
    "few_sentences": "too_few_sentences",
}
# Their switches -> our rules, in their order of evaluation.
ALONE = {
    "min_doc_words": GOPHER_QUALITY[0:1],
    "max_doc_words": GOPHER_QUALITY[1:2],
    "min_avg_word_length": GOPHER_QUALITY[2:3],
    "max_avg_word_length": GOPHER_QUALITY[3:4],
    "max_symbol_word_ratio": GOPHER_QUALITY[4:6],
    "max_bullet_lines_ratio": GOPHER_QUALITY[6:7],
    "max_ellipsis_lines_ratio": GOPHER_QUALITY[7:8],
    "max_non_alpha_words_ratio": GOPHER_QUALITY[8:9],
    "min_stop_words": GOPHER_QUALITY[9:10],
    "dup_para_frac": GOPHER_REPETITION[0:1],
    "dup_para_char_frac": GOPHER_REPETITION[1:2],
    "dup_line_frac": GOPHER_REPETITION[2:3],
    "dup_line_char_frac": GOPHER_REPETITION[3:4],
    "top_n_grams": GOPHER_REPETITION[4:5],
    "dup_n_grams": GOPHER_REPETITION[5:6],
    "line_punct_thr": FINEWEB_QUALITY[0:1],
    "short_line_thr": FINEWEB_QUALITY[1:2],
    "char_duplicates_ratio": FINEWEB_QUALITY[2:3],
    "new_line_ratio": FINEWEB_QUALITY[3:4],
}


class Agreement(NamedTuple):
    """The number of pages on which both agree, and an example on which they do not."""

    what: str
    pages: int
    same: int
    dropped: int  # by theirs
    differing: Counter[tuple[str, str]]  # (theirs, ours) -> pages
    example: str

    def line(self) -> str:
        """One row of the table."""
        said = "; ".join(f"{theirs or 'kept'} | {ours or 'kept'}: {n}" for (theirs, ours), n in self.differing.items())
        where = f"  such as {self.example}" if self.example else ""
        return f"{self.what:<36} {self.dropped:>7,} {self.same / self.pages:>9.3%}  {said[:120]}{where}"


def said_by(rules: tuple[PageRule, ...], page: Page) -> str:
    """The reason of the first broken rule, in their words; "" if none is."""
    return in_their_words(judge(page, rules))


def in_their_words(verdict: Any) -> str:
    """The reason of a rejection in datatrove's words; "" for a kept page."""
    if not isinstance(verdict, Rejected):
        return ""
    size = verdict.detail.removesuffix(" words").rpartition(" ")[2]
    return REASONS[verdict.reason.code].format(size)


def compared(pages: Sequence[Page], theirs: Sequence[dict[str, Any]]) -> list[Agreement]:
    """The agreement of every rule, every filter, and the word splitting."""
    (clean,) = (stage for stage in FINEWEB.stages if isinstance(stage, Clean))
    c4 = clean.bind(None)
    split = sentence_splitter("sentencizer:en")
    ways: list[tuple[str, Callable[[dict[str, Any]], str], Callable[[Page], str]]] = [
        ("words (spaCy)", lambda said: said["words"], lambda page: digest(english_words(page.text))),
        ("words (uniseg)", lambda said: said["boundaries"], lambda page: digest(numbered_unicode(page.text).strings())),
        (
            "sentences",
            lambda said: str(said["sentences"]),
            lambda page: str(sum(len(list(split(line))) for line in page.text.splitlines() if line.strip())),
        ),
    ]
    ways += [
        (f"rule {name}", lambda said, name=name: said["alone"][name], partial(said_by, rules))
        for name, rules in ALONE.items()
    ]
    for name, rules in (("repetition", GOPHER_REPETITION), ("quality", GOPHER_QUALITY), ("fineweb", FINEWEB_QUALITY)):
        ways.append((f"filter {name}", lambda said, name=name: said["whole"][name], partial(said_by, rules)))
    ways.append(("filter c4", lambda said: said["whole"]["c4"], lambda page: in_their_words(c4(page))))
    ways.append(("text of c4", lambda said: said.get("c4", ""), lambda page: _text(c4(page))))
    return [_agreement(what, pages, theirs, their, our) for what, their, our in ways]


def _text(verdict: Any) -> str:
    return "" if isinstance(verdict, Rejected) else digest([verdict.page.text])


def _agreement(what: str, pages: Sequence[Page], theirs: Any, their: Any, our: Any) -> Agreement:
    differing: Counter[tuple[str, str]] = Counter()
    example, same, dropped = "", 0, 0
    for page, said in zip(pages, theirs, strict=True):
        expected, found = their(said), our(page)
        dropped += expected != ""
        if expected == found:
            same += 1
        else:
            differing[(expected, found) if what.startswith(("rule", "filter")) else ("one", "another")] += 1
            example = example or page.url
    return Agreement(what, len(pages), same, dropped, differing, example)


def asked(pages: Sequence[Page], python: Path) -> list[dict[str, Any]]:
    """Datatrove's verdicts on the pages, from its own environment."""
    with tempfile.TemporaryDirectory(prefix="recipes-") as folder:
        texts, said = Path(folder, "texts.jsonl"), Path(folder, "said.jsonl")
        texts.write_text("".join(json.dumps({"text": page.text}) + "\n" for page in pages), encoding="utf-8")
        command = [python, ROOT / "bench" / "rivals" / "datatrove_filters.py", texts, "--output", said]
        subprocess.run(list(map(str, command)), check=True, stdout=sys.stderr)
        return [json.loads(line) for line in said.read_text(encoding="utf-8").splitlines()]


def main(argv: Sequence[str] | None = None) -> int:
    """Compares, or measures; prints the table. Exit code 1 if a rule agrees on too few pages."""
    parser = argparse.ArgumentParser(prog="python -m bench.recipes", description=__doc__.partition("\n")[0])
    parser.add_argument("--input", nargs="+", type=Path, metavar="WET", help="default: ../shared/wet, or samples")
    parser.add_argument("--pages", type=int, default=2000, help="number of pages, spread over the inputs")
    parser.add_argument("--python", type=Path, default=VENV, help="Python with datatrove and uniseg")
    parser.add_argument("--speed", action="store_true", help="measure builds instead")
    parser.add_argument("--rounds", type=int, default=3, help="builds of each kind with --speed")
    args = parser.parse_args(argv)
    files = args.input or default_inputs()
    if args.speed:
        print(measured(files, args.rounds))
        return 0
    if not args.python.is_file():
        raise SystemExit(f"recipes: {args.python} does not exist. Run `make recipes`.")
    pages = list(pages_of(files))
    pages = pages[:: max(1, len(pages) // args.pages)]
    started = time.process_time()
    rows = compared(pages, asked(pages, args.python))
    print(f"{len(pages):,} pages, {time.process_time() - started:.0f} CPU s for ours")
    print(f"{'what':<36} {'dropped':>7} {'same':>9}  theirs | ours")
    print(*(row.line() for row in rows), sep="\n")
    short = [row.what for row in rows if row.same / row.pages < ENOUGH]
    print(f"below {ENOUGH:.1%}: {', '.join(short)}" if short else f"all agree on {ENOUGH:.1%} of the pages or more")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
