"""The golden corpora: the output of each preset for data_samples, as text that reads well in a diff.

`python -m tests.golden` (`make golden`) rewrites data_samples/expected and the pictures of the docs. Read the diff
before you commit it. `python -m tests.golden pictures` (`make pictures`) rewrites the pictures alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from beam_jobs import build_c4, rebalance
from bench.outside import ROOT, name_punkt
from c4pipe.passes.summary import funnel, printable, splits, summary
from c4pipe.presets import PRESETS
from c4pipe.rules import BadWords, ListedDomain, ListedUrl
from c4pipe.shards import SPLITS, read_manifest
from tests import needs
from tests.lists import reads
from tests.pictures import photograph

SAMPLES = ROOT / "data_samples"
EXPECTED = SAMPLES / "expected"
DRAWN = ("en", "multilingual")  # the presets whose corpora the pictures show
WIDTH = 400  # characters of a rejected page's detail and text that are shown


def build(presets: Iterable[str], output: Path, inputs: Iterable[Path] = (SAMPLES,)) -> Path:
    """Builds data_samples, or other inputs, with the lists that come with c4pipe, all rejected pages kept. The corpus
    folder; of several presets, which take one reading, the folder that holds theirs."""
    data = ROOT / "c4pipe" / "data"
    arguments = ["--input", *map(str, inputs), "--output", str(output), "--rejected", "all", "--workers", "1"]
    arguments += ["--preset", named := ",".join(presets)]
    lists = (
        (BadWords, "--badwords-dir", data / "badwords"),
        (ListedDomain, "--news-domains", data / "news_domains.json"),
        (ListedUrl, "--url-list", SAMPLES / "urls.txt"),
    )
    arguments += [word for kind, *words in lists if reads(named, kind) for word in map(str, words)]
    if build_c4.main(arguments):
        raise SystemExit("the build of the samples failed")
    return output


def render(folder: Path) -> str:
    """A corpus as text: the funnel, each kept page with what was cut from it, each rejected page with its reason."""
    manifest = read_manifest(folder)
    rejected = sorted(_rejected(folder), key=lambda row: (row["source"], row["stage"]))
    cut = {row["source"]: row["dropped"] for row in rejected if row["reason"] == "kept"}
    owners = {hashlib.md5(row["url"].encode()).hexdigest()[:16]: row["url"] for row in rejected}
    lines = [f"# {manifest['preset']['name']}", *funnel(manifest)]
    lines += [re.sub(r", [\d.,]+ MB$", "", line) for line in splits(manifest)]  # sizes depend on the zstd version
    for split in SPLITS:
        for row in sorted(_rows(folder.glob(f"*/{split}-*.parquet")), key=lambda row: row["source"]):
            lines += ["", f"## kept  {row['url']}", f"{split}, {row['timestamp']}, {row['source']}"]
            lines += [f"{row['language']} {row['language_score']:.6f} {row['language_votes']}"]
            lines += [f"  {line}" for line in row["text"].split("\n")]
            lines += _cut(cut[row["source"]], owners)
    for row in rejected:
        if row["reason"] != "kept":
            lines += [
                "",
                f"## {row['stage']}: {row['reason']}  {_short(row['url'])}",
                f"{row['timestamp']}, {row['source']}",
            ]
            lines += [f"  because of: {_short(row['detail'])}", f"  {_short(row['text'])}"]
            lines += _cut([drop for drop in row["dropped"] if drop["owner"]], owners)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _cut(dropped: list[dict[str, str]], owners: dict[str, str]) -> list[str]:
    """What a page lost, and for what is repeated the page that keeps it."""
    return [
        f"  - {drop['reason']}: {_short(drop['line'])}" + (f" <- {owners[drop['owner']]}" if drop["owner"] else "")
        for drop in dropped
    ]


def _rows(paths: Iterator[Path]) -> Iterator[dict[str, object]]:
    for path in sorted(paths):
        yield from pq.read_table(path).to_pylist()


def _rejected(folder: Path) -> Iterator[dict[str, object]]:
    return _rows(folder.glob("__rejected/part-*.parquet"))


def _short(text: str) -> str:
    return printable(text if len(text) <= WIDTH else f"{text[:WIDTH]} ... ({len(text)} characters)")


def picture(folder: Path) -> str:
    """The summary of a corpus as a terminal shows it, for the README. SVG without anything from elsewhere."""
    console = Console(record=True, width=132, file=io.StringIO())
    console.print("$ make build-c4", style="bold", highlight=False)
    stats = json.loads((folder / "stats.json").read_text(encoding="utf-8"))
    console.print(summary(read_manifest(folder), "out/c4", stats), highlight=False, markup=False)
    plain = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="c4pipe", code_format=plain)


def draw(corpora: Path, docs: Path) -> None:
    """Writes the pictures of README and docs, from the corpora of `en` and `multilingual`."""
    (docs / "build.svg").write_text(picture(corpora / "en"), encoding="utf-8")
    photograph(corpora / "en", docs)
    mixed = corpora / "mixture"
    if rebalance.main(["--corpus", str(corpora / "multilingual"), "--output", str(mixed)]):
        raise SystemExit("the mixture of the samples failed")
    shutil.copy(mixed / "mixture.svg", docs)


def main(words: Sequence[str]) -> int:
    """Writes every golden file whose preset can be built here, and the pictures; with `pictures`, only these."""
    if words not in ([], ["pictures"]):
        raise SystemExit(f"found {' '.join(words)}: expected no argument, or `pictures`")
    with tempfile.TemporaryDirectory() as folder:
        presets = DRAWN if words else [preset for preset in PRESETS if preset != "en.tfds" or name_punkt()]
        corpora = build(presets, Path(folder) / "corpora")
        draw(corpora, ROOT / "docs")
        if words:
            return 0
        EXPECTED.mkdir(exist_ok=True)
        for preset in presets:
            (EXPECTED / f"{preset}.txt").write_text(render(corpora / preset), encoding="utf-8")
    for preset in PRESETS.keys() - presets:
        print(f"{preset}: left as it is, for it {needs.PUNKT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
