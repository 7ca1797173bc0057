"""The keys of a corpus, written, computed from its shards, and known to all that looks at its folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.trunk import trunk_digest
from c4pipe.dedup.claims import page_priority
from c4pipe.errors import ConfigError
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KEPT_PAGES, KeyReader, key_path
from c4pipe.passes import keeping
from c4pipe.passes.keeping import Runs, keys_from_shards, write_keys
from c4pipe.shards import SUMS
from c4pipe.text import hash64
from c4pipe.text.urls import url_key
from c4pipe.verify.corpus import check_corpus
from tests import manifests, wetfiles
from tests.conftest import Build, Once
from tests.keys.kept import keep_keys, plan_for

# What `Dedup` stages are called in the presets that the tests build.
LINES, SPANS = "multilingual", "en"


@pytest.fixture(scope="module")
def kept(built: Build, small: Path, once: Once) -> Callable[[str], Path]:
    """A corpus of a preset, with keys; to be looked at."""

    def find(preset: str) -> Path:
        corpus = built(small, "--preset", preset)
        return once(f"keys of {preset}", lambda folder: keep_keys(corpus, folder))

    return find


def pages(folder: Path) -> list[tuple[str, str]]:
    return [(row["url"], row["text"]) for row in wetfiles.rows(folder)]


@pytest.mark.parametrize(("preset", "stage", "width"), [(LINES, "lines", 1), (SPANS, "spans", 3)])
def test_keys_of_the_shards_are_those_of_a_plain_loop(kept, preset: str, stage: str, width: int) -> None:
    folder = kept(preset)
    level = plan_for(manifests.read(folder)).level(0)
    owners: dict[int, int] = {}
    claimed = set()
    for url, text in pages(folder):
        found = level.atoms(text)
        claimed.add(len(found))
        if width == 1:
            for key in found:
                owners[key] = min(owners.get(key, 2**64), page_priority(url))
    urls = KeyReader(LocalStore(), str(folder / key_path("url")))
    assert sorted(hash64(url_key(url)) for url, _ in pages(folder)) == urls.between()[0].tolist()
    assert not urls.owned
    keys = KeyReader(LocalStore(), str(folder / key_path(stage)))
    assert keys.header["of"] == KEPT_PAGES
    assert keys.header["level"]["level"] == type(level).__name__
    assert keys.header["trunk"] == trunk_digest(manifests.read(folder))
    if width == 1:
        assert dict(zip(*(part.tolist() for part in keys.between()), strict=True)) == owners
    else:  # a run of three sentences each, and none of them twice: the corpus is deduplicated
        assert keys.count == sum(max(0, len(level.atoms(text)) - 2) for _, text in pages(folder))
        assert {*keys.between()[1].tolist()} <= {page_priority(url) for url, _ in pages(folder)}


def test_the_same_keys_whatever_fits_into_memory(kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = kept(LINES)
    manifest = manifests.read(folder)
    monkeypatch.setattr(keeping, "PAGES_READ", 7)
    monkeypatch.setattr(Runs.__init__, "__defaults__", (50,))
    rows = keys_from_shards(str(folder), manifest, plan_for(manifest), LocalStore(), str(tmp_path / "a"), str(tmp_path))
    assert rows == manifest["keys"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@given(st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=20), max_size=5))
def test_runs_give_every_key_once_with_its_smallest_owner(tmp_path_factory, parts) -> None:
    runs, expected = Runs(tmp_path_factory.mktemp("runs"), 8), {}
    for part in parts:
        runs.add(np.array([key for key, _ in part], np.uint64), np.array([owner for _, owner in part], np.uint64))
        for key, owner in part:
            expected[key] = min(owner, expected.get(key, owner))
    pieces = [*runs.pieces()]
    assert [key for keys, _ in pieces for key in keys.tolist()] == sorted(expected)
    assert [owner for _, owners in pieces for owner in owners.tolist()] == [expected[key] for key in sorted(expected)]


def test_a_line_says_how_far_it_is(kept) -> None:
    told = keeping._Telling("out/c4", 3)
    told.files, told.pages = 1, 2000
    assert told.line() == "keys of out/c4 from its pages: 1 of 3 files, 2,000 pages"


def test_a_damaged_shard_is_named(built: Build, small: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(built(small, "--preset", LINES), tmp_path / "mine"))
    manifest = manifests.read(folder)
    row = manifest["shards"][0]

    def refused() -> str:
        with pytest.raises(ConfigError) as error:
            keys_from_shards(str(folder), manifest, plan_for(manifest), LocalStore(), str(tmp_path / "a"))
        assert "\n" not in str(error.value)
        return str(error.value)

    row["rows"] += 1
    assert "parquet holds" in refused()
    (folder / row["path"]).write_bytes((folder / row["path"]).read_bytes() + b" ")
    assert refused().startswith(f"{folder / row['path']} is damaged, or belongs to another corpus: its sha256 is ")
    (folder / row["path"]).write_bytes(b"no parquet")
    row["sha256"] = wetfiles.digests(folder)[row["path"]]
    assert f"{folder / row['path']} cannot be read (" in refused()
    (folder / row["path"]).unlink()
    assert f"{folder / row['path']} cannot be read (No such file or directory)" in refused()


def test_a_corpus_with_keys_is_whole_and_its_keys_have_sums(kept) -> None:
    folder = kept(SPANS)
    verdict = check_corpus(folder, lambda size: None)
    assert (verdict.whole, [finding.line() for finding in verdict.findings]) == (True, [])
    assert f"  {key_path('url')}\n" in (folder / SUMS).read_text()


@pytest.fixture
def mine(kept, tmp_path: Path) -> Path:
    """One to be changed."""
    return Path(shutil.copytree(kept(SPANS), tmp_path / "mine"))


def findings(folder: Path) -> list[str]:
    return [finding.line() for finding in check_corpus(folder, lambda size: None).findings]


def test_verify_names_a_byte_that_is_another(mine: Path) -> None:
    path = mine / key_path("spans")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert [f"{path}: its sha256 is" in line for line in findings(mine)] == [True]


def test_verify_reads_what_the_sums_only_compare(mine: Path) -> None:
    """Keys that are no keys, keys of another corpus, other counts, a file that the manifest does not name."""
    manifest = manifests.read(mine)

    def again() -> list[str]:
        for row in manifest["keys"]:
            data = (mine / row["path"]).read_bytes()
            row |= {"bytes": len(data), "sha256": wetfiles.digests(mine)[row["path"]]}
        manifests.write_again(mine, manifest)
        return findings(mine)

    spans = mine / key_path("spans")
    other = {**manifest, "preset": {"stages": [*manifest["preset"]["stages"]]}}
    other["preset"]["stages"][0] = {**other["preset"]["stages"][0], "quirks": True}
    write_keys(LocalStore(), str(mine), "spans", other, [KeyReader(LocalStore(), str(spans)).between()], KEPT_PAGES)
    assert again() == [f"{spans}: keys of another corpus or stage, by its header. Copy or rebuild it."]
    manifest["keys"][1]["keys"] += 1
    write_keys(LocalStore(), str(mine), "spans", manifest, [KeyReader(LocalStore(), str(spans)).between()], KEPT_PAGES)
    (line,) = again()
    assert f"keys, but manifest.json says {manifest['keys'][1]['keys']:,}" in line
    spans.write_bytes(b"nothing of the kind")
    (line,) = again()
    assert line.startswith(f"{spans}: is damaged (19 bytes are not a file of keys)")
    del manifest["keys"][1]
    assert any("it does not name keys/spans.keys" in line for line in again())


def test_inspect_says_one_line_of_them(kept, capsys: pytest.CaptureFixture[str]) -> None:
    from c4pipe.inspect.__main__ import main

    folder = kept(SPANS)
    rows = manifests.read(folder)["keys"]
    count, size = (sum(row[name] for row in rows) for name in ("keys", "bytes"))
    assert main([str(folder)]) == 0
    assert f"  keys      {count:,} keys for later builds, {size / 1e6:.2f} MB\n" in capsys.readouterr().out
    assert main([str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["keys"] == {"files": 2, "keys": count, "bytes": size}


def test_the_card_does_not_offer_them_as_data(kept) -> None:
    from c4pipe.card import dataset_card
    from c4pipe.corpus.stats import Stats
    from c4pipe.presets import find_preset

    manifest = manifests.read(kept(SPANS))
    card = dataset_card(find_preset(SPANS), manifest, Stats())
    front = card.split("---\n")[1]
    assert "keys" not in front
    assert "`keys/` holds no pages" in card


def test_keys_are_no_input(kept) -> None:
    from c4pipe.flow.searching import find_inputs

    folder = kept(SPANS)
    found = find_inputs([str(folder)], format="parquet")
    assert not [item.path for item in found.inputs if "keys" in item.path]
    assert f"{folder}/keys" in [item.path.rstrip("/") for item in found.left_out]
    found = find_inputs([f"{folder}/**/*s*"], format="parquet")  # a glob means files of any ending
    assert f"{folder}/keys/spans.keys" in [item.path for item in found.left_out]
    assert not [item.path for item in found.inputs if item.path.endswith(".keys")]
    with pytest.raises(ConfigError, match="1: keys of a c4pipe corpus, not pages"):
        find_inputs([f"{folder}/keys/url.keys"])
