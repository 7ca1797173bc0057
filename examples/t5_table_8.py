"""Table 8 of the T5 paper (Raffel et al. 2020, section 3.4.1): which text is best to learn from?

    python -m examples.t5_table_8 --input 'wet/*.warc.wet.gz' --url-list urls.txt --out out/table8 --dry-run
    python -m examples.t5_table_8 --input 'wet/*.warc.wet.gz' --url-list urls.txt --out out/table8 --size base

Four of the paper's six corpora from one pass over the inputs: C4, C4 without its rules, pages of news domains, and
pages that Reddit linked to (`--url-list`; Wikipedia and the Toronto books are no crawl). Then the same model is trained
on each, fine-tuned on the same tasks, and the table is written with its intervals: `python -m model.study corpora`,
which gets all options that are not known here. `--dry-run` builds the corpora and prints what the study would take.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from beam_jobs import build_c4
from model.study.__main__ import main as study

PRESETS = ("en", "en.noclean", "realnewslike", "webtextlike")  # the first is the baseline


def main(argv: Sequence[str] | None = None) -> int:
    """Builds the corpora and runs the study; the exit code of what failed, or 0."""
    parser = argparse.ArgumentParser(prog="python -m examples.t5_table_8", allow_abbrev=False)
    parser.add_argument("--input", nargs="+", required=True, metavar="PATH", help="WET files")
    parser.add_argument("--url-list", required=True, metavar="FILE", help="addresses of webtextlike, one a line")
    parser.add_argument("--news-domains", metavar="FILE", help="domains of realnewslike (default: the small list here)")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of corpora and study")
    args, rest = parser.parse_known_args(argv)
    news = ["--news-domains", args.news_domains] if args.news_domains else []
    lists = ["--url-list", args.url_list, *news]
    corpora = args.out / "corpora"
    failed = build_c4.main(["--input", *args.input, *lists, "--preset", ",".join(PRESETS), "--output", str(corpora)])
    data = [f"{name}={corpora / name}" for name in PRESETS]
    return failed or study(["corpora", "--out", str(args.out / "study"), "--data", *data, *rest])


if __name__ == "__main__":
    sys.exit(main())
