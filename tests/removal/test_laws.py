"""Pages are taken out of random corpora: what is left is what a build without them gives, in all files that know it."""

import json
from dataclasses import dataclass

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from beam_jobs import build_c4, remove
from c4pipe.dedup import LineLevel, NearLevel, SpanLevel, UrlLevel
from c4pipe.presets import Preset
from c4pipe.rules import MaxChars, MinSentences
from c4pipe.stages import Dedup, Filter, Read
from c4pipe.verify.corpus import check_corpus
from tests.flow.test_linking import Tokens
from tests.wetfiles import digests, manifest_of, rejected, rows

READ, URL, LONG = Read(), Dedup("url", UrlLevel()), Filter("long", (MaxChars(70),))
LINES, SPANS = Dedup("lines", LineLevel()), Dedup("spans", SpanLevel(), then=(MinSentences(2),))
PLAIN = Preset("plain", "lines", (READ, URL, LINES))
LINKED = Preset("linked", "lines, a rule, then words", (READ, URL, LINES, LONG, Dedup("links", Tokens())))
LONGEST = Preset("longest", "of linked pages the longest, then lines", (READ, URL, Dedup("links", Tokens(True)), LINES))
SURE = Preset(
    "sure",
    "spans, a rule, near duplicates that their texts confirm",
    (READ, URL, SPANS, LONG, Dedup("near", NearLevel(bands=6, rows=1, shingle=1, verify=0.4))),
)

PRESETS = ("plain", "linked", "longest", "sure")


@dataclass(frozen=True)
class Crawled:
    """A page of a file."""

    url: str
    text: str

    def json(self):
        return json.dumps({"url": self.url, "text": self.text, "timestamp": "2024-05-01T00:00:00Z"})


SENTENCES = st.lists(st.integers(0, 25).map("w{}".format), min_size=1, max_size=3).map(
    lambda words: f"{' '.join(words)}."
)
TEXTS = st.lists(SENTENCES, min_size=1, max_size=6).map("\n".join)
FILES = st.lists(st.lists(st.tuples(st.booleans(), TEXTS), min_size=1, max_size=12), min_size=1, max_size=3)


def pages_of(files):
    """With a URL each, of one of two sites or none, by where it stands."""
    return [
        [Crawled(_url(gone, n, i) if i % 7 else "", text) for i, (gone, text) in enumerate(pages)]
        for n, pages in enumerate(files)
    ]


def _url(gone, file, number):
    return f"http://{'gone' if gone else 'stays'}.example/{file}/{number}"


@pytest.fixture
def crawl(tmp_path):
    """`crawl(files, without)`: a folder with a corpus of each preset. Of pages that they are built without there are
    blanks, so that all others stand where they do."""

    def call(files, without=()):
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        (folder / "in").mkdir(parents=True)
        for number, pages in enumerate(files):
            lines = [" " * len(page.json()) if page.url in without else page.json() for page in pages]
            (folder / "in" / f"{number}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        arguments = ["--input", str(folder / "in"), "--input-format", "jsonl", "--output", str(folder / "c4")]
        named = ",".join(f"{__name__}:{preset.upper()}" for preset in PRESETS)
        arguments += ["--preset", named, "--rejected", "all", "--shards", "3", "--workers", "1"]
        assert build_c4.main(arguments) in (0, 4)
        return folder / "c4"

    return call


@pytest.fixture
def take_out(tmp_path):
    """`take_out(corpus, urls)`: the folder of the corpus without them."""

    def call(corpus, urls):
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        folder.mkdir()
        (folder / "urls.txt").write_text("".join(f"{url}\n" for url in sorted(urls)))
        arguments = ["--corpus", str(corpus), "--urls", str(folder / "urls.txt"), "--prove"]
        assert remove.main([*arguments, "--output", str(folder / "c4")]) == 0
        return folder / "c4"

    return call


def told(folder):
    """All that a corpus knows of its pages from the first dedup of text on, wherever in its files it stands."""
    ledger = manifest_of(folder)["ledger"]["stages"]
    keys = {path.name: path.read_bytes() for path in (folder / "keys").iterdir()}
    files = [pq.read_table(path).to_pylist() for path in sorted((folder / "__restore").glob("*"))]
    restore = sorted((row["source"], row["legs"], row["text"]) for rows_of in files for row in rows_of)
    table = sorted(map(str, rejected(folder)))
    return {
        "rows": sorted(map(str, rows(folder))),
        "ledger": ledger[2:],
        "keys": keys,
        "restore": restore,
        "table": table,
    }


# An example takes seconds: it is told as it was found.
SLOW = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@settings(max_examples=4, **SLOW)
@given(FILES, st.data())
def test_as_a_build_without_them(crawl, take_out, files, data):
    files = pages_of(files)
    files[0] += [
        Crawled("http://always.example/", "a page that stays."),
        Crawled("http://gone.example/", "w1 w2.\nw3."),
    ]
    gone = {page.url for pages in files for page in pages if "gone" in page.url}
    first = set(data.draw(st.lists(st.sampled_from(sorted(gone)), min_size=1, unique=True)))
    before, rebuilt = crawl(files), crawl(files, gone)
    for preset in PRESETS:
        made = take_out(take_out(before / preset, first), gone)
        expected, found = told(rebuilt / preset), told(made)
        # A page that has got back all that it had lost may stay among those that may come back.
        whole = {row[0] for row in found["restore"]} - {row[0] for row in expected["restore"]}
        found["restore"] = [row for row in found["restore"] if row[0] not in whole]
        for name in expected:
            assert found[name] == expected[name], (preset, name)
        assert [str(finding) for finding in check_corpus(made, lambda _: None).findings] == []
    assert digests(take_out(made, gone)) == digests(made)
