"""The corpus as the reference itself makes it: tensorflow-datasets' own C4 functions, without Beam.

    WET files -> PageFeatures -> the functions of c4_utils, in the order of c4.py -> OUT.jsonl, OUT.counters.json

This is the reference for results and for speed. Every judgement about a page is a call into the installed package
tensorflow-datasets 4.9.10 (`text/c4.py`, `text/c4_utils.py`, dataset version 3.1.0). This file only replaces Beam:
filter, group by key, keep the smallest, join. It runs in its own virtual environment, because the package needs much
that c4pipe does not (`make bench` builds it from requirements-reference.txt):

    NLTK_DATA=../shared/nltk_data bench/.venv-reference/bin/python bench/reference.py \
        --output out/reference.jsonl --badwords-dir ../shared/badwords/at-25e679f WET...

What is replaced, and why it changes no result:
  * TensorFlow is not installed: c4_utils uses two of its helpers (decode bytes, open a file), replaced by three lines.
  * Beam's counters become one `Counter`.
  * Punkt: the package downloads a pickle that NLTK withdrew; this uses the same parameters from NLTK's `punkt_tab`.
  * tldextract would download today's suffix list; here it uses the list in its pinned wheel.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import importlib.metadata
import json
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
import types
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

UNREADABLE = (UnicodeDecodeError, EOFError, zlib.error, gzip.BadGzipFile)  # raised by split_wet_file on damaged input

PINNED = ("tensorflow-datasets", "langdetect", "nltk", "tldextract")  # packages that decide results


class Reference:
    """The reference's functions, importable without TensorFlow, and their counters."""

    def __init__(self) -> None:
        self.c4 = _module("tensorflow_datasets.text.c4")
        self.utils = _module("tensorflow_datasets.text.c4_utils")
        punkt = _module("nltk.tokenize.punkt")
        tld = _module("tldextract.tldextract")
        self.counters: Counter[tuple[str, str]] = Counter()
        # Not in sys.modules, where the package would find it and request dtypes. Only c4_utils needs it.
        self.utils.tf = types.SimpleNamespace(
            compat=types.SimpleNamespace(as_text=lambda x: x.decode("utf-8") if isinstance(x, bytes) else x),
            io=types.SimpleNamespace(gfile=types.SimpleNamespace(GFile=open)),
        )
        self.utils.get_counter_inc_fn = self.counter
        self.utils._SENTENCE_TOKENIZER = punkt.PunktTokenizer("english")
        tld.TLD_EXTRACTOR = tld.TLDExtract(cache_dir=None, suffix_list_urls=())

    def counter(self, namespace: str) -> Callable[..., None]:
        """Replaces Beam's counters in c4_utils."""

        def count(name: str, amount: int = 1) -> None:
            self.counters[namespace, name] += amount

        return count

    def config(self, name: str) -> Any:
        """The builder's own config of that name. `en.noblocklist` is AI2's: `en` with the bad words switched off."""
        known = {c.name: c for c in self.c4.C4.BUILDER_CONFIGS if c.name != "multilingual"}  # that one needs gcld3
        known["en.noblocklist"] = self.c4.C4Config("en.noblocklist", languages=["en"], clean=True, dedupe=True)
        if name not in known:
            raise SystemExit(f"reference: unknown config {name!r}. Known: {', '.join(known)}.")
        return known[name]

    # The steps of C4._get_pages_pcollection, in plain loops.

    def read(self, paths: Sequence[Path], on_error: str, errors: dict[str, str]) -> Iterator[Any]:
        """Pages of all files. Pages before the damage in a file stay; the place of the damage goes into `errors`."""
        for path in paths:
            with _gzipped(path) as readable:
                try:
                    yield from filter(self.utils.is_valid_length, self.utils.split_wet_file(str(readable)))
                except UNREADABLE as error:
                    if on_error == "stop":
                        raise SystemExit(f"reference: cannot read {path}: {type(error).__name__}: {error}") from error
                    errors[path.name] = f"{type(error).__name__}: {error}"

    def newest(self, pages: list[Any]) -> list[Any]:
        """One page for each normalised URL; the first one seen counts, where Beam's order is arbitrary."""
        groups: dict[str, list[Any]] = defaultdict(list)
        for page in pages:
            groups[page.normalized_url].append(page)
        return [self.utils.select_newest_page(group) for group in groups.values()]

    def listed(self, pages: list[Any], url_list: Path) -> list[Any]:
        """The join with the WebText-like URL list."""
        joined: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {"pages": [], "webtextlike_urls": []})
        for page in pages:
            joined[page.normalized_url]["pages"].append(page)
        with url_list.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                joined[self.utils.normalize_url(line.rstrip("\n"))]["webtextlike_urls"].append(True)
        return [page for element in joined.items() for page in self.utils.filter_by_webtextlike(element)]

    def dedup_lines(self, pages: list[Any], min_num_sentences: int) -> list[Any]:
        """`remove_duplicate_text`: each line belongs to the page whose URL has the smallest md5."""
        owner: dict[str, tuple[str, str]] = {}
        for page in pages:
            claim = (self.utils._hash_text(page.url), page.url)
            for line, _ in self.utils._emit_url_to_lines(page):
                if line not in owner or claim < owner[line]:
                    owner[line] = claim
        owned: dict[str, list[str]] = defaultdict(list)
        for line, (_, url) in owner.items():
            owned[url].append(line)
        count = self.counter("dedupe-lines")
        return [
            kept
            for page in pages
            for kept in self.utils._remove_lines_from_text(
                (page.url, {"pages": [page], "lines": owned.get(page.url, [])}), count, min_num_sentences
            )
        ]

    def badwords(self, folder: Path) -> dict[str, set[str]]:
        """The lists of a folder of `<language>.txt`, combined as in the builder."""
        lists: dict[str, set[str]] = defaultdict(set)
        for language in self.c4._BADWORDS_LANGS:
            path = folder / f"{language}.txt"
            if path.exists():
                with path.open(encoding="utf-8") as lines:
                    lists[language.split("-")[0]].update(line.strip() for line in lines)
        if "en" not in lists:
            raise SystemExit(f"reference: {folder} holds no en.txt; expected the English list, one entry per line.")
        for language, allowed in self.c4._BADWORDS_ALLOWLIST.items():
            lists[language] -= allowed
        return {language: words for language, words in lists.items() if words}  # without ja.txt there is no list for ja

    def split(self, page: Any) -> str:
        """The split to which the builder would write the page."""
        validation = self.utils.get_hashed_url_filter_fn(predicate_fn=lambda x: x % 1000 == 0)(page)
        name = "validation" if validation else "train"
        self.counter(name)("examples")
        return name


class Clock:
    """Measures wall and CPU seconds of each part."""

    def __init__(self) -> None:
        self.seconds: dict[str, dict[str, float]] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[part] = {
            "wall": round(time.perf_counter() - wall, 4),
            "cpu": round(time.process_time() - cpu, 4),
        }


def build(reference: Reference, args: argparse.Namespace) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The kept pages, sorted by URL, and the account of the run."""
    utils, config, clock, errors = reference.utils, reference.config(args.config), Clock(), dict[str, str]()
    filter_badwords = None
    with clock("setup"):
        if config.badwords_filter_fraction > 0.0:
            filter_badwords = utils.get_badwords_filter_fn(
                reference.badwords(_needed(args.badwords_dir, "--badwords-dir")), config.badwords_filter_fraction
            )
        if config.dedupe or config.clean:
            utils._get_sentences("Warm up.")
        langdetect = _module("langdetect")
        langdetect.detect_langs("Language profiles are read on first use, which is not a page's cost.")
    with clock("read"):
        pages = list(reference.read(args.wet, args.on_error, errors))
    funnel = {"read": len(pages)}
    if config.realnewslike:
        with clock("domains"):
            domains = json.loads(_needed(args.news_domains, "--news-domains").read_text(encoding="utf-8"))
            pages = [page for page in pages if utils.is_realnews_domain(page, domains)]
        funnel["domains"] = len(pages)
    with clock("urls"):
        pages = reference.newest(pages)
    funnel["urls"] = len(pages)
    if config.webtextlike:
        with clock("listed"):
            pages = reference.listed(pages, _needed(args.url_list, "--url-list"))
        funnel["listed"] = len(pages)
    if config.clean:
        with clock("clean"):
            clean_page = utils.get_clean_page_fn()
            pages = [kept for page in pages for kept in clean_page(page)]
        funnel["clean"] = len(pages)
    if config.dedupe:
        with clock("dedup"):
            pages = reference.dedup_lines(pages, utils._MIN_NUM_SENTENCES if config.clean else 0)
        funnel["dedup"] = len(pages)
    with clock("language"):
        pages = [kept for page in pages for kept in utils.detect_english(page)]
    funnel["language"] = len(pages)
    if filter_badwords is not None:
        with clock("badwords"):
            pages = [page for page in pages if filter_badwords(page)]
        funnel["badwords"] = len(pages)
    with clock("split"):
        rows = [
            {"url": page.url, "text": page.text, "timestamp": page.timestamp, "split": reference.split(page)}
            for page in sorted(pages, key=lambda page: page.url)
        ]
    counters: dict[str, dict[str, int]] = defaultdict(dict)
    for (namespace, name), amount in sorted(reference.counters.items()):
        counters[namespace][name] = amount
    return rows, {
        "config": args.config,
        "dataset_version": str(reference.c4._VERSION),
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in PINNED},
        },
        "inputs": [path.name for path in args.wet],
        "errors": errors,
        "funnel": funnel,
        "counters": counters,
        "seconds": clock.seconds,
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Parses arguments, runs, and writes two files."""
    parser = argparse.ArgumentParser(prog="reference", description="TFDS's own C4 functions, without Beam.")
    parser.add_argument("wet", nargs="+", type=Path, metavar="WET", help="WET files, .gz or plain")
    parser.add_argument("--output", type=Path, required=True, metavar="OUT.jsonl")
    parser.add_argument("--config", default="en", help="en, en.noclean, en.noblocklist, realnewslike, webtextlike")
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR", help="<language>.txt; en.txt as of 25e679f")
    parser.add_argument("--news-domains", type=Path, metavar="FILE", help="RealNews' domain_to_allowed_subdomains.json")
    parser.add_argument("--url-list", type=Path, metavar="FILE", help="WebText-like URLs, one per line")
    parser.add_argument("--on-error", choices=("skip", "stop"), default="skip", help="keep earlier pages, or stop")
    parser.add_argument("--time", action="store_true", help="print the seconds of each part")
    args = parser.parse_args(argv)

    missing = [str(path) for path in args.wet if not path.is_file()]
    if missing:
        raise SystemExit(f"reference: no such file: {', '.join(missing)}")
    rows, account = build(Reference(), args)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(args.output) as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with _replacing(args.output.with_suffix(".counters.json")) as out:
        out.write(json.dumps(account, indent=1, ensure_ascii=False) + "\n")

    funnel = " -> ".join(f"{stage} {pages}" for stage, pages in account["funnel"].items())
    print(f"{args.config}: {funnel}  {args.output}")
    for name, error in account["errors"].items():
        print(f"damaged: {name}: {error}", file=sys.stderr)
    if args.time:
        for part, seconds in account["seconds"].items():
            print(f"{part:>9}  wall {seconds['wall']:8.3f} s  cpu {seconds['cpu']:8.3f} s")
        print(f"peak RSS {account['peak_rss_mib']} MiB")
    return 0


def _module(name: str) -> Any:
    """Imported by name, and untyped, since type checks run without these packages."""
    return importlib.import_module(name)


def _needed(path: Path | None, option: str) -> Path:
    if path is None:
        raise SystemExit(f"reference: this config needs {option}")
    return path


@contextmanager
def _gzipped(path: Path) -> Iterator[Path]:
    """The path of a gzipped copy if the file is plain: the reference reads only gzip."""
    with path.open("rb") as source:
        if source.read(2) == b"\x1f\x8b":
            yield path
            return
        source.seek(0)
        with tempfile.TemporaryDirectory(prefix="reference-") as folder:
            copy = Path(folder, path.name + ".gz")
            with gzip.open(copy, "wb", compresslevel=1) as target:
                shutil.copyfileobj(source, target)
            yield copy


@contextmanager
def _replacing(path: Path) -> Iterator[Any]:
    """A text file that gets its name only when it is complete."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8", newline="\n") as out:
        yield out
    temporary.replace(path)


if __name__ == "__main__":
    sys.exit(main())
