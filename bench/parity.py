"""Compares our en.tfds, page by page and counter by counter, with the output of TensorFlow Datasets on the same files.

    WET files -> bench/reference.py -> pages, counters ─┐
    WET files -> beam_jobs.build_c4 -> pages, ledger   ─┴-> a table; exit code 1 on any difference

`make parity`, or `python -m bench.parity --input WET...`. COUNTERS maps their counts to ours.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from beam_jobs import build_c4
from bench.outside import ROOT, SHARED, name_punkt
from c4pipe.presets import EN_TFDS
from c4pipe.rules import ListedDomain, ListedSubdomain
from c4pipe.stages import Filter

INTACT = ("news", "single-member", "sites", "world")  # in data_samples; the reference stops at a damaged file

# (namespace, counter) of c4_utils -> (stage, kind, reason) of our ledger.
COUNTERS: dict[tuple[str, str], tuple[str, str, str]] = {
    ("split-wet-file", "filtered:no_url"): ("read", "rejected", "no_url"),
    ("split-wet-file", "filtered:no_content"): ("read", "rejected", "no_text"),
    ("split-wet-file", "filtered:no_timestamp"): ("read", "rejected", "no_date"),
    ("split-wet-file", "passed"): ("read", "kept", ""),
    ("too-long-filter", "filtered"): ("length", "rejected", "too_long"),
    ("too-long-filter", "passed"): ("length", "kept", ""),
    ("duplicate-url-filter", "filtered"): ("url", "rejected", "older_copy"),
    ("duplicate-url-filter", "passed"): ("url", "kept", ""),
    ("clean-page", "line-filtered:too_long_word"): ("clean", "lines_dropped", "long_word"),
    ("clean-page", "line-filtered:no_endmark"): ("clean", "lines_dropped", "no_end_mark"),
    ("clean-page", "line-filtered:too_short"): ("clean", "lines_dropped", "few_words"),
    ("clean-page", "line-filtered:javascript"): ("clean", "lines_dropped", "javascript"),
    ("clean-page", "line-filtered:policy"): ("clean", "lines_dropped", "policy"),
    ("clean-page", "filtered:loremipsum"): ("clean", "rejected", "lorem_ipsum"),
    ("clean-page", "filtered:squigglybracket"): ("clean", "rejected", "curly_brace"),
    ("clean-page", "filtered:too_few_sentences"): ("clean", "rejected", "few_sentences"),
    ("clean-page", "passed"): ("clean", "kept", ""),
    ("dedupe-lines", "line-filtered:global_duplicate"): ("lines", "lines_dropped", "repeated_line"),
    ("dedupe-lines", "line-filtered:local_duplicate"): ("lines", "lines_dropped", "repeated_in_page"),
    ("dedupe-lines", "filtered:empty"): ("lines", "rejected", "nothing_left"),
    ("dedupe-lines", "filtered:too_few_sentences"): ("lines", "rejected", "few_sentences"),
    ("dedupe-lines", "passed"): ("lines", "kept", ""),
    ("english-filter", "filtered:langdetect_exception"): ("language", "rejected", "no_language"),
    ("english-filter", "filtered:low_confidence"): ("language", "rejected", "unsure_language"),
    ("english-filter", "filtered:ignored_language"): ("language", "rejected", "other_language"),
    ("english-filter", "passed"): ("language", "kept", ""),
    ("badwords-filter", "filtered"): ("badwords", "rejected", "bad_word"),
    ("badwords-filter", "passed"): ("badwords", "kept", ""),
    ("realnews-domain-filter", "filtered:bad_domain"): ("domains", "rejected", "not_news_domain"),
    ("realnews-domain-filter", "filtered:bad_subdomain"): ("domains", "rejected", "not_news_subdomain"),
    ("realnews-domain-filter", "passed"): ("domains", "kept", ""),
    ("train", "examples"): ("train", "rows", ""),
    ("validation", "examples"): ("validation", "rows", ""),
}
# Their counters without a counterpart, and why. A name ending in * matches all names with that prefix.
WITHOUT = {
    ("split-wet-file", "wet-file"): "files, not pages",
    ("clean-page", "line-passed"): "also counts lines of pages that are dropped afterwards",
    ("dedupe-lines", "line-passed"): "also counts lines of pages that are dropped afterwards",
    ("english-filter", "filtered:ignored_language-*"): "a part of filtered:ignored_language",
    ("badwords-filter-*", "filtered"): "a part of badwords-filter",
    ("badwords-filter-*", "passed"): "a part of badwords-filter",
}

NOBLOCKLIST = EN_TFDS.without("badwords").named("parity.noblocklist", "en.tfds without bad words")
NOCLEAN = EN_TFDS.without("clean", "lines", "badwords").named("parity.noclean", "en.tfds, language only")
NEWS = EN_TFDS.before("url", Filter("domains", (ListedDomain(), ListedSubdomain()))).named("parity.news", "news only")
# Name -> (our preset, their config).
PRESETS = {
    "en.tfds": ("en.tfds", "en"),
    "noblocklist": ("bench.parity:NOBLOCKLIST", "en.noblocklist"),
    "noclean": ("bench.parity:NOCLEAN", "en.noclean"),
    "realnewslike": ("bench.parity:NEWS", "realnewslike"),
}

Pages = Counter[tuple[str, str, str, str]]  # (url, split, timestamp, text)


class Line(NamedTuple):
    """One count of both sides."""

    theirs: str
    ours: str
    expected: int
    found: int


def reference_python() -> Path:
    """The interpreter that has tensorflow-datasets: C4PIPE_REFERENCE_PYTHON, else the one set up by `make parity`."""
    return Path(os.environ.get("C4PIPE_REFERENCE_PYTHON", ROOT / "bench" / ".venv-reference" / "bin" / "python"))


def reference_command(inputs: Sequence[Path], output: Path, config: str, lists: Lists) -> list[str]:
    """The command line of bench/reference.py."""
    command = [str(reference_python()), str(ROOT / "bench" / "reference.py"), "--config", config]
    command += ["--output", str(output), "--badwords-dir", str(lists.badwords)]
    if lists.news_domains:
        command += ["--news-domains", str(lists.news_domains)]
    return [*command, *map(str, inputs)]


class Lists(NamedTuple):
    """The external files, the same for both sides."""

    badwords: Path
    news_domains: Path | None

    @classmethod
    def find(cls, badwords: Path | None) -> Lists:
        """The given lists, else shared ones, else downloaded ones, else those shipped with c4pipe; Punkt by
        NLTK_DATA.
        """
        name_punkt()
        data = ROOT / "c4pipe" / "data"
        folders = [badwords, SHARED / "badwords" / "at-25e679f", ROOT / "assets" / "badwords", data / "badwords"]
        news = [SHARED / "realnews" / "domain_to_allowed_subdomains.json", ROOT / "assets" / "news_domains.json"]
        return cls(
            next(path for path in folders if path is not None and path.is_dir()),
            next((path for path in [*news, data / "news_domains.json"] if path.is_file()), None),
        )


def default_inputs() -> list[Path]:
    """The intact samples, and the shared WET files if they exist."""
    samples = [ROOT / "data_samples" / f"{name}.warc.wet.gz" for name in INTACT]
    return samples + shared_inputs() + sorted(SHARED.glob("wet_bench/*.wet.gz"))


def shared_inputs() -> list[Path]:
    """../shared/wet without the damaged files."""
    folder = SHARED / "wet"
    found = [*folder.glob("*.warc.wet.gz"), *folder.glob("tfds_fake/*.wet"), *folder.glob("cc_net_sample/*.warc.txt")]
    return sorted(found)


def run_reference(inputs: Sequence[Path], folder: Path, config: str, lists: Lists) -> tuple[Pages, dict[str, Any]]:
    """The reference's pages and counters."""
    output = folder / "reference.jsonl"
    subprocess.run(reference_command(inputs, output, config, lists), check=True, stdout=subprocess.DEVNULL)
    account = json.loads(output.with_suffix(".counters.json").read_bytes())
    with output.open(encoding="utf-8", newline="\n") as lines:
        rows = [json.loads(line) for line in lines]
    return Counter((row["url"], row["split"], row["timestamp"], row["text"]) for row in rows), account


def run_ours(inputs: Sequence[Path], folder: Path, preset: str, lists: Lists) -> tuple[Pages, dict[str, Any]]:
    """Our pages and the manifest."""
    output = folder / "c4"
    arguments = ["--input", *map(str, inputs), "--output", str(output), "--preset", preset, "--rejected", "none"]
    arguments += ["--badwords-dir", str(lists.badwords), "--workers", "1"]
    if lists.news_domains:
        arguments += ["--news-domains", str(lists.news_domains)]
    if build_c4.main(arguments):
        raise SystemExit("parity: our own build failed")
    manifest = json.loads((output / "manifest.json").read_bytes())
    pages: Pages = Counter()
    for shard in manifest["shards"]:
        columns = pq.read_table(output / shard["path"], columns=["url", "timestamp", "text"]).to_pylist()
        pages.update((row["url"], shard["split"], row["timestamp"], row["text"]) for row in columns)
    return pages, manifest


def digest(pages: Pages) -> str:
    """sha256 over the sorted pages, one JSON list per line: equal for equal pages, whichever side made them."""
    lines = sorted(json.dumps(page, ensure_ascii=False) for page in pages.elements())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def our_counts(manifest: dict[str, Any]) -> dict[tuple[str, str, str], int]:
    """Every count of the ledger as (stage, kind, reason) -> number, and the rows of each split."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for stage in manifest["ledger"]["stages"]:
        counts[stage["stage"], "kept", ""] = stage["kept"]
        for kind in ("rejected", "lines_dropped"):
            counts.update({(stage["stage"], kind, reason): n for reason, n in stage[kind].items()})
    for shard in manifest["shards"]:
        counts[shard["split"], "rows", ""] += shard["rows"]
    return counts


def compare_counters(theirs: dict[str, dict[str, int]], ours: dict[tuple[str, str, str], int]) -> list[Line]:
    """One row for each count of either side."""
    left = {key: n for key, n in ours.items() if n and (key[1] != "kept" or key in COUNTERS.values())}
    lines = []
    for namespace, name in ((a, b) for a in theirs for b in theirs[a]):
        place = COUNTERS.get((namespace, name))
        if place is not None:
            found = left.pop(place, 0)
            lines.append(Line(f"{namespace} {name}", " ".join(filter(None, place)), theirs[namespace][name], found))
        elif not any(_like(namespace, a) and _like(name, b) for a, b in WITHOUT):
            lines.append(Line(f"{namespace} {name}", "(not mapped)", theirs[namespace][name], 0))
    return lines + [Line("(none)", " ".join(filter(None, place)), 0, n) for place, n in left.items()]


def _like(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def report(theirs: Pages, ours: Pages, lines: Iterable[Line]) -> tuple[str, bool]:
    """The table, and whether everything is equal."""
    missing, added = theirs - ours, ours - theirs
    urls = {url for url, *_ in missing} & {url for url, *_ in added}
    rows = [
        Line("pages", "pages", theirs.total(), ours.total()),
        Line("", "pages that they lack", 0, added.total()),
        Line("", "pages that we lack", 0, missing.total()),
        Line("", "... of these, changed", 0, len(urls)),
        *lines,
    ]
    text = [f"{'reference':<48} {'c4pipe':<34} {'expected':>9} {'found':>9}"]
    for row in rows:
        mark = "" if row.expected == row.found else "  <-- differs"
        text.append(f"{row.theirs:<48} {row.ours:<34} {row.expected:>9,} {row.found:>9,}{mark}")
    text += [f"first difference: {url}" for url, *_ in sorted(missing + added)[:1]]
    return "\n".join(text), theirs == ours and all(row.expected == row.found for row in rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs both, prints the table. Exit code 1 on any difference, 2 when the comparison cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m bench.parity", description="Compares ours with TFDS's C4 code.")
    parser.add_argument("--input", nargs="+", type=Path, metavar="WET", help="default: samples and ../shared")
    parser.add_argument("--preset", choices=PRESETS, default="en.tfds")
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR")
    args = parser.parse_args(argv)
    if not reference_python().exists():
        print(f"parity: {reference_python()} does not exist. Run `make parity`, which sets it up.", file=sys.stderr)
        return 2
    inputs = args.input or default_inputs()
    lists = Lists.find(args.badwords_dir)
    preset, config = PRESETS[args.preset]
    with tempfile.TemporaryDirectory(prefix="parity-") as name:
        folder = Path(name)
        theirs, account = run_reference(inputs, folder, config, lists)
        ours, manifest = run_ours(inputs, folder, preset, lists)
    if account["errors"]:
        print(
            f"parity: the reference cannot read all of {', '.join(account['errors'])}. Leave that out.", file=sys.stderr
        )
        return 2
    text, equal = report(theirs, ours, compare_counters(account["counters"], our_counts(manifest)))
    print(text)
    print(f"{'equal' if equal else 'DIFFERENT'}: {len(inputs)} files, {ours.total():,} pages, digest {digest(ours)}")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
