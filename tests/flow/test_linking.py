"""Linked pages over any number of files: one stays, whichever step finds the links."""

import json
from dataclasses import dataclass
from hashlib import md5
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beam_jobs import build_c4
from c4pipe.dedup import LinkLevel, UrlLevel
from c4pipe.flow.settings import Settings
from c4pipe.page import Reason, Unit
from c4pipe.presets import Preset
from c4pipe.stages import Dedup, Read
from c4pipe.text import hash64
from tests.wetfiles import digests, manifest_of, rejected, rows


@dataclass(frozen=True)
class Tokens(LinkLevel):
    """Pages that share a word hang together."""

    longest: bool = False
    reasons: ClassVar = (Reason("linked", Unit.PAGE, "shares a word with a page", source="a test"),)

    def signature(self, text):
        return [hash64(word) for word in text.split()], text.encode()

    def similarity(self, one, other):
        mine, theirs = set(one.split()), set(other.split())
        return len(mine & theirs) / len(mine | theirs)

    def rank(self, page):
        return (1 << 64) - 1 - len(page.text) if self.longest else 0


URLS = (Read(), Dedup("url", UrlLevel()))
HASH = Preset("hash", "the page with the smallest hash stays", (*URLS, Dedup("linked", Tokens())))
LONGEST = Preset("longest", "the longest page stays", (*URLS, Dedup("linked", Tokens(longest=True))))


@pytest.fixture
def build(tmp_path, monkeypatch):
    """`build(texts, preset, files, ...)`: (folder of the corpus, {url: text}); texts go round over so many files."""

    def call(texts, *options, preset="HASH", files=2, link_partitions=1):
        monkeypatch.setattr(Settings, "link_partitions", link_partitions)
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        (folder / "in").mkdir(parents=True)
        pages = {f"http://a.example/{i}": text for i, text in enumerate(texts)}
        for number in range(files):
            records = [json.dumps({"url": url, "text": text}) for url, text in [*pages.items()][number::files]]
            (folder / "in" / f"{number}.jsonl").write_text("".join(f"{record}\n" for record in records))
        arguments = ["--input", str(folder / "in"), "--input-format", "jsonl", "--output", str(folder / "c4")]
        workers = () if "--workers" in options else ("--workers", "1")
        assert build_c4.main([*arguments, "--preset", f"{__name__}:{preset}", *workers, *options]) == 0
        return folder / "c4", pages

    return call


def plain(pages, longest=False):
    """{url of a page that falls: url of the one that stays}, joining sets one page after the other."""
    found, by_word = {}, {}
    for url, text in pages.items():
        joined = {url}.union(*(found[by_word[word]] for word in text.split() if word in by_word))
        found |= dict.fromkeys(joined, joined)
        by_word |= dict.fromkeys(text.split(), url)
    best = {
        url: min(together, key=lambda one: (-len(pages[one]) if longest else 0, md5(one.encode()).digest()))
        for url, together in found.items()
    }
    return {url: stays for url, stays in best.items() if url != stays}


def fallen(folder):
    """The same from the rejected table, and the similarities that it tells."""
    table = rejected(folder)
    owner = {md5(row["url"].encode()).hexdigest()[:16]: row["url"] for row in [*table, *rows(folder)]}
    lost = [row for row in table if row["reason"] == "linked"]
    return {row["url"]: owner[row["dropped"][0]["owner"]] for row in lost}, {r["url"]: r["detail"] for r in lost}


TEXTS = ["a b", "b c", "c d", "x y", "y y y z", "q", "z", "a", "b c"]


@pytest.mark.parametrize("preset", ["HASH", "LONGEST"])
def test_of_pages_that_hang_together_one_stays(build, preset):
    folder, pages = build(TEXTS, "--rejected", "all", preset=preset)
    expected = plain(pages, preset == "LONGEST")
    owners, details = fallen(folder)
    assert owners == expected
    assert {row["url"] for row in rows(folder)} == pages.keys() - expected.keys()
    for url, stays in expected.items():
        mine, theirs = ({*pages[one].split()} for one in (url, stays))
        assert details[url] == f"{len(mine & theirs) / len(mine | theirs):.2f}"
    stages = {row["stage"]: row for row in manifest_of(folder)["ledger"]["stages"]}
    assert stages["linked"]["rejected"] == {"linked": len(expected)}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.integers(0, 30).map(str), max_size=3).map(" ".join), min_size=1, max_size=40),
    st.sampled_from([1, 2, 5]),
    st.sampled_from([1, 3]),
)
def test_as_sets_that_are_joined(build, texts, partitions, files):
    texts = [f"own{i} {text}" for i, text in enumerate(texts)]
    folder, pages = build(texts, "--rejected", "all", files=files, link_partitions=partitions)
    assert fallen(folder)[0] == plain(pages)


def test_a_chain_of_many_pages_ends_right(build):
    texts = [f"w{i} w{i + 1}" for i in range(2_000)]
    folder, pages = build(texts, files=3, link_partitions=4)
    (row,) = rows(folder)
    assert row["url"] == min(pages, key=lambda url: md5(url.encode()).digest())


def test_the_same_bytes_whoever_finds_it_out(build):
    texts = TEXTS + [f"w{i} w{i + i % 3}" for i in range(60)]
    expected = digests(build(texts, files=3)[0])
    for options in (["--spill-rows", "1"], ["--spill-rows", "1", "--workers", "2"]):
        assert digests(build(texts, *options, files=3, link_partitions=3)[0]) == expected


@dataclass(frozen=True)
class Sure(Tokens):
    """Pages that share a word hang together if they share half of their words."""

    confirmed: ClassVar = True

    def evidence(self, text):
        return text.encode()

    def confirms(self, one, other):
        return self.similarity(one, other) >= 0.5


SURE = Preset("sure", "links are confirmed", (*URLS, Dedup("linked", Sure())))


@pytest.mark.parametrize("options", [[], ["--spill-rows", "1", "--workers", "2"]])
def test_links_that_texts_do_not_confirm_are_none(build, options):
    texts = ["a b c", "a b d", "a x y", "x y", "d e", "b c d", "q", "q r s t"]
    folder, pages = build(texts, "--rejected", "all", *options, preset="SURE", files=3)
    number = {url: i for i, url in enumerate(pages)}
    together = {frozenset((number[a], number[b])) for a, b in fallen(folder)[0].items()}
    assert {i for pair in together for i in pair} == {0, 1, 5, 2, 3}  # 0-1, 0-5, 1-5 and 2-3 share half; d, q do not
    assert len(together) == 3


def test_clusters_are_counted_by_size(build):
    folder, _ = build([*TEXTS, "l m", "m"])
    stats = json.loads((folder / "stats.json").read_text())
    assert stats["clusters"] == {"linked": {"2": 1, "3": 1, "5": 1}}
