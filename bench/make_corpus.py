"""Writes a finished corpus of any size with made-up words, domains and languages, for measuring tools that read one.

    python -m bench.make_corpus /tmp/big --pages 500000 --rejected 20000

Words are drawn by Zipf's law from made-up syllables, one alphabet per language. `needle` occurs on one kept page in
100,000, `harbour` on about one in three. The bytes are a function of the arguments.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from c4pipe import __version__
from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.ledger import StageCount
from c4pipe.corpus.stats import Stats
from c4pipe.files.storage import LocalStore
from c4pipe.page import Dropped, Page
from c4pipe.presets import MULTILINGUAL, for_languages
from c4pipe.shards import (
    PAGE_SCHEMA,
    REJECTED_FOLDER,
    REJECTED_SCHEMA,
    ROW_GROUP_ROWS,
    SCHEMA_VERSION,
    STATS,
    ParquetSink,
    dropped_column,
    page_table,
    shard_name,
    to_json,
    write_manifest,
)

SHARD_ROWS = 25_000
WORDS = 285  # per page: about 2,200 characters
VOCABULARY = 30_000
SYLLABLES = {
    "en": "ba ten mor lin dar es ing ter sol wen tha ri ock ham ley for",
    "de": "ge schen bau ver lich keit mün än stra ung zei hof ße lei",
    "fr": "le mon é tion eau vil mar ché lan ois pré du jour çon",
    "ru": "во да го род ми на ре ка све то ле по бор ста ни",
    "ja": "東 京 山 川 の に は 大 学 日 本 語 新 聞 時 間",
}
SHARES = {"en": 0.5, "de": 0.2, "fr": 0.15, "ru": 0.1, "ja": 0.05}
OUTCOMES = (
    ("length", "too_long", 0.02),
    ("url", "older_copy", 0.18),
    ("paragraphs", "few_paragraphs", 0.6),
    ("language", "other_language", 0.05),
    ("badwords", "bad_word", 0.15),
)


@cache
def vocabulary(language: str) -> np.ndarray:
    """Made-up words of one to six syllables, all different, as an array of strings."""
    random = np.random.default_rng(len(language) + sum(map(ord, SYLLABLES[language])))
    syllables = SYLLABLES[language].split()
    picked = random.integers(0, len(syllables), (3 * VOCABULARY, 6))
    lengths = random.integers(1, 7, 3 * VOCABULARY)
    words = dict.fromkeys(
        "".join(syllables[i] for i in row[:length])
        for row, length in zip(picked.tolist(), lengths.tolist(), strict=True)
    )
    return np.array(list(words)[:VOCABULARY], dtype=object)


def texts(language: str, count: int, seed: int) -> Iterator[str]:
    """Pages of five to fifteen lines of sentences."""
    random, words = np.random.default_rng(seed), vocabulary(language)
    for number in range(count):
        length = int(random.integers(WORDS // 2, WORDS * 3 // 2))
        ranks = np.minimum((random.pareto(0.9, length) * 12).astype(int), len(words) - 1)
        page = words[ranks].tolist()
        if random.random() < 1 / 3:
            page[length // 2] = "harbour"
        if number % 100_000 == 99_999:
            page[length // 3] = "needle"
        lines = [page[at : at + 30] for at in range(0, length, 30)]
        yield "\n".join(" ".join(line).capitalize() + "." for line in lines)


def pages(language: str, count: int, seed: int) -> Iterator[Page]:
    """Kept pages of 4,000 domains, some of them large."""
    random = np.random.default_rng(seed + 1)
    domains = np.minimum((random.pareto(0.8, count) * 20).astype(int), 3_999)
    top = {"en": "com", "ja": "co.jp"}.get(language, language)
    for number, text in enumerate(texts(language, count, seed)):
        yield Page(
            f"https://www.site{domains[number]}.{top}/{language}/{number}.html",
            text,
            f"2024-05-{1 + number % 28:02d}T{number % 24:02d}:00:00Z",
            f"{language}.warc.wet.gz#{number}",
            f"urn:uuid:{hashlib.md5(f'{language}{number}'.encode()).hexdigest()}",
            language,
            0.99,
        )


def write_shards(folder: Path, config: str, split: str, found: Iterator[Page], count: int, stats: Stats) -> list[dict]:
    """The files of one config and split, with their rows of the manifest."""
    rows, number = [], -(-count // SHARD_ROWS)
    (folder / config).mkdir(parents=True, exist_ok=True)
    for index in range(number):
        path = f"{config}/{shard_name(split, index, number)}"
        left = written = min(SHARD_ROWS, count - index * SHARD_ROWS)
        with (folder / path).open("wb") as stream:
            sink = ParquetSink(stream, PAGE_SCHEMA)
            while left:
                group = [next(found) for _ in range(min(left, ROW_GROUP_ROWS))]
                for page in group:
                    stats.kept(page)
                    stats.read(page)
                sink.write(page_table(group))
                left -= len(group)
            sink.close()
        rows.append({"path": path, "config": config, "split": split, "rows": written} | _size(folder / path))
    return rows


def write_rejected(folder: Path, count: int, kept: list[Page], stats: Stats) -> list[dict]:
    """The rejected table: pages of every outcome, and kept pages with lines that they lost."""
    (folder / REJECTED_FOLDER).mkdir(parents=True, exist_ok=True)
    random, rows = np.random.default_rng(7), []
    owner = hashlib.md5(kept[-1].url.encode()).hexdigest()[:16]
    outcomes = [*((stage, reason, round(count * share)) for stage, reason, share in OUTCOMES), ("", "kept", len(kept))]
    for index, (stage, reason, number) in enumerate(outcomes):
        lost = [Page(f"http://lost{n % 700}.net/{reason}/{n}", t, "2024-05-02T00:00:00Z", f"{reason}.wet.gz#{n}")
                for n, t in enumerate(texts("en", number, index))] if stage else kept  # fmt: skip
        table = []
        for page in lost:
            dropped = []
            if not stage:
                dropped = [Dropped("repeated_line", "Read more on our harbour page.", owner)]
                page = page._replace(text=f"{dropped[0].line}\n{page.text}")
            else:
                stats.read(page)
                stats.rejected(page.url)
            detail = str(random.integers(5)) if reason == "few_paragraphs" else ""
            table.append(
                (page.url, page.timestamp, stage, reason, detail, page.text, dropped, page.source, page.language)
            )
        path = f"{REJECTED_FOLDER}/part-{index:06d}.parquet"
        with (folder / path).open("wb") as stream:
            sink = ParquetSink(stream, REJECTED_SCHEMA)
            for at in range(0, len(table), ROW_GROUP_ROWS):
                columns = list(map(list, zip(*table[at : at + ROW_GROUP_ROWS], strict=True)))
                columns[6] = dropped_column(columns[6])
                sink.write(pa.table(columns, schema=REJECTED_SCHEMA))
            sink.close()
        rows.append({"path": path, "rows": len(table)} | _size(folder / path))
    return rows


def _size(path: Path) -> dict:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def ledger(kept: int, lost: dict[str, Counter]) -> dict:
    """Stages that the kept pages passed, each with what it rejected."""
    left = kept + sum(counter.total() for counter in lost.values())
    records, stages = left, []
    for stage in MULTILINGUAL.stages:
        count = StageCount(stage.name, entered=left, rejected=lost.get(stage.name, Counter()))
        count.kept = left = left - count.rejected.total()
        stages.append(count.to_json())
    return {"records": records, "stages": stages}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=500_000)
    parser.add_argument("--rejected", type=int, default=20_000)
    arguments = parser.parse_args(argv)
    folder, stats, shards, kept = arguments.folder, Stats(), [], []
    for seed, (language, share) in enumerate(SHARES.items()):
        count = round(arguments.pages * share)
        validation = count // 1000
        found = pages(language, count, seed * 100)
        for split, number in (("train", count - validation), ("validation", validation)):
            shards += write_shards(folder, language, split, found, number, stats)
        kept += [page for page, _ in zip(pages(language, count, seed * 100), range(min(200, count)), strict=False)]
    rejected = write_rejected(folder, arguments.rejected, kept, stats)
    lost: dict[str, Counter] = {}
    for stage, reason, share in OUTCOMES:
        lost.setdefault(stage, Counter())[reason] = round(arguments.rejected * share)
    stages = ledger(stats.pages_kept, lost)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "preset": describe(for_languages(MULTILINGUAL, SHARES)),
        "settings": {"languages": list(SHARES), "shards": "auto", "rejected": "sample", "limit_pages": None},
        "files": [],
        "identifiers": [],
        "code": {},
        "versions": {"c4pipe": __version__},
        "fingerprint": "made up",
        "inputs": [],
        "shards": sorted(shards, key=lambda shard: shard["path"]),
        "rejected": rejected,
        "ledger": stages,
    }
    numbers = stats.to_json(100) | {"domains_exact": False, "stages": stages["stages"], "faults": []}
    write_manifest(LocalStore(), str(folder), manifest, {STATS: to_json(numbers)})


if __name__ == "__main__":
    main()
