"""Earlier corpora include theirs, are identified by their manifests' checksums, and are refused in one line."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.corpus.ancestors import AGAINST, Ancestor, ancestors, key_readers
from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.identity import code_changes
from c4pipe.corpus.trunk import check_trunk
from c4pipe.errors import ConfigError
from c4pipe.files.storage import LocalStore
from c4pipe.passes.keeping import write_keys
from c4pipe.presets import EN, MULTILINGUAL
from c4pipe.shards import MANIFEST, SCHEMA_VERSION, SUMS, to_json, write_manifest
from tests.keys.memory import MemoryStore, numbers

STORE = LocalStore()


def corpus(
    store: Any, folder: str, name: str, against: Sequence[Ancestor] = (), keys: bool = True, **other: Any
) -> str:
    """A corpus without a shard; `name` makes it another one."""
    manifest: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "preset": describe(EN), "files": [], "shards": []}
    manifest |= {"name": name, AGAINST: [one.row() for one in against]} | other
    if keys:
        pieces = [(numbers([1, 2**60]), numbers([7, 8]))]
        manifest["keys"] = [write_keys(store, folder, stage, manifest, pieces) for stage in ("url", "spans")]
    write_manifest(store, folder, manifest, {})
    return folder


def names(found: Sequence[Ancestor]) -> list[str]:
    return [one.manifest["name"] for one in found]


def refused(paths: Sequence[str | Path], store: Any = STORE) -> str:
    with pytest.raises(ConfigError) as error:
        for one in ancestors(map(str, paths), store):
            key_readers(one, store)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """c was built against b, which was built against a."""
    corpus(STORE, f"{tmp_path}/a", "a")
    corpus(STORE, f"{tmp_path}/b", "b", ancestors([f"{tmp_path}/a"], STORE))
    corpus(STORE, f"{tmp_path}/c", "c", ancestors([f"{tmp_path}/b"], STORE), keys=False)
    return tmp_path


def test_ancestors_come_along_each_once(chain: Path) -> None:
    found = ancestors([f"{chain}/c"], STORE)
    assert sorted(names(found)) == ["a", "b", "c"]
    assert [one.sha256 for one in found] == sorted(one.sha256 for one in found)
    assert ancestors([f"{chain}/b/", f"{chain}/c", f"{chain}/a", f"{chain}/c"], STORE) == found
    for one in found:
        data = Path(one.path, MANIFEST).read_bytes()
        assert one.sha256 == hashlib.sha256(data).hexdigest()
        what = "kept pages" if one.manifest["name"] == "c" else "all pages"
        assert one.row() == {"path": one.path, "sha256": one.sha256, "preset": "en", "keys": what}


def test_keys_of_an_ancestor_by_stage(chain: Path) -> None:
    (one,) = ancestors([f"{chain}/a"], STORE)
    readers = key_readers(one, STORE)
    assert sorted(readers) == ["spans", "url"]
    assert [part.tolist() for part in readers["spans"].between()] == [[1, 2**60], [7, 8]]
    assert (
        key_readers(next(each for each in ancestors([f"{chain}/c"], STORE) if each.keys == "kept pages"), STORE) == {}
    )


@given(
    st.lists(st.sets(st.integers(0, 5)), min_size=6, max_size=6), st.lists(st.integers(0, 5), min_size=1), st.randoms()
)
def test_who_comes_is_who_can_be_reached_in_any_order(parents, given_, random) -> None:
    store = MemoryStore()
    reached: dict[int, set[int]] = {}
    for number, chosen in enumerate(parents):
        older = {parent for parent in chosen if parent < number}
        reached[number] = {number}.union(*(reached[parent] for parent in older))
        corpus(store, f"m/{number}", str(number), ancestors([f"m/{parent}" for parent in older], store), keys=False)
    paths = [f"m/{number}" for number in given_]
    found = ancestors(paths, store)
    assert {*names(found)} == {str(number) for each in given_ for number in reached[each]}
    random.shuffle(paths)
    assert ancestors([*paths, paths[0]], store) == found


def test_one_that_moved_is_found_among_those_named(chain: Path) -> None:
    shutil.move(chain / "a", chain / "elsewhere")
    line = refused([chain / "b"])
    assert line.startswith(
        f"--against {chain}/b: it was built against {chain}/a, which does not exist (the sha256 of its "
    )
    assert line.endswith("Add the folder where it is now to --against.")
    assert sorted(names(ancestors([f"{chain}/b", f"{chain}/elsewhere"], STORE))) == ["a", "b"]
    corpus(STORE, f"{chain}/a", "another")
    assert f"{chain}/a, which now holds another corpus" in refused([chain / "b"])


def test_a_copy_beside_is_the_same_corpus(chain: Path) -> None:
    shutil.copytree(chain / "a", chain / "copy")
    (one,) = ancestors([f"{chain}/copy", f"{chain}/a"], STORE)
    assert one.path == f"{chain}/a"


def test_no_corpus_there(tmp_path: Path) -> None:
    assert refused([tmp_path]) == (
        f"--against {tmp_path} is not a finished corpus: it has no {MANIFEST}. Build one: make build-c4."
    )


def test_a_folder_of_several_names_them(chain: Path) -> None:
    assert refused([chain]) == (
        f"--against {chain} is not a finished corpus: it has no {MANIFEST}, but corpora in a, b, c. Name one, such as "
        f"{chain}/a."
    )


def _change(folder: Path, **values: Any) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes()) | values
    (folder / MANIFEST).write_bytes(to_json(manifest))
    (folder / SUMS).unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"schema_version": 99}, "it has schema version 99, expected 1"),
        ({"mixture": {}}, "is a mixture, whose pages own no text"),
        ({"preset": {"name": "en"}}, "cannot be used (KeyError: 'stages')"),
        ({"preset": {"name": "en", "stages": []}}, "names no dedup"),
        ({"shards": [{"path": "../x"}]}, f"{MANIFEST} does not list the files of a corpus"),
        ({AGAINST: [{"path": 1}]}, "does not say what it was built against"),
        ({AGAINST: 5}, "does not say what it was built against"),
        ({"preset": {key: value for key, value in describe(EN).items() if key != "name"}}, "(KeyError: 'name')"),
        ({"code": 3}, "cannot be used (TypeError: "),
        ({"keys": {}}, "cannot be used (its list of keys is not valid)"),
    ],
)
def test_a_manifest_that_no_build_has_written(chain: Path, values: Mapping[str, Any], told: str) -> None:
    _change(chain / "a", **values)
    line = refused([chain / "a"])
    assert told in line
    assert line.count("Build it again.") <= 1


WRONG = st.sampled_from([None, 3, "x", [], {}, [3], {"x": 3}])


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something is in a tree of lists and mappings."""
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in rows:
        yield (*path, key)
        yield from _places(below, (*path, key))


SOUND = {
    "schema_version": SCHEMA_VERSION,
    "preset": describe(EN),
    "files": [
        {"kind": "badwords", "name": "en", "sha256": "0" * 64, "read_by": ["BadWords", "CleanPages"], "at": ""},
    ],
    "shards": [{"path": "en/a", "config": "en", "split": "train", "rows": 1, "bytes": 2, "sha256": "0" * 64}],
    "keys": [{"path": "keys/url.keys", "keys": 2, "bytes": 3, "sha256": "0" * 64}],
    AGAINST: [],
    "settings": {"languages": ["en"]},
    "code": {"c4pipe.dedup.urls:UrlLevel": "0" * 16},
}


@settings(max_examples=300)
@given(st.sampled_from([*_places(SOUND)]), WRONG, st.booleans())
def test_whatever_is_changed_in_a_manifest_it_is_refused_or_can_be_used(place, wrong, away) -> None:
    manifest = json.loads(json.dumps(SOUND))
    *path, last = place
    owner = reduce(lambda value, key: value[key], path, manifest)
    if away:
        del owner[last]
    else:
        owner[last] = wrong
    store = MemoryStore()
    with store.write("m/manifest.json") as stream:
        stream.write(to_json(manifest))
    try:
        (one,) = ancestors(["m"], store)
        one.row()
        check_trunk({"preset": describe(EN), "files": SOUND["files"]}, one.manifest, one.path)
    except ConfigError:
        return
    now = {"c4pipe.dedup.urls:UrlLevel": "1" * 16}
    assert code_changes(one.manifest.get("code", {}), now)
    assert all(type(row["keys"]) is int for row in one.manifest.get("keys", ()))


def test_a_damaged_manifest(chain: Path) -> None:
    path = chain / "a" / MANIFEST
    path.write_bytes(path.read_bytes().replace(b"en", b"EN", 1))
    assert f"{SUMS} has a different checksum for {MANIFEST}" in refused([chain / "a"])
    (chain / "a" / SUMS).unlink()
    path.write_bytes(b"{")
    assert "cannot be used" in refused([chain / "a"])


def test_keys_that_are_damaged_missing_or_of_another_corpus(chain: Path) -> None:
    path = chain / "a/keys/spans.keys"
    whole = path.read_bytes()
    corpus(STORE, f"{chain}/other", "other")
    write_keys(STORE, f"{chain}/other", "spans", {"preset": describe(EN)}, [(numbers([5]), numbers([6]))])
    shutil.copy(chain / "other/keys/spans.keys", path)
    assert refused([chain / "a"]).startswith(f"{path} is damaged, or belongs to another corpus: its sha256 is ")
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert refused([chain / "a"]).startswith(f"{path} is damaged, or belongs to another corpus: its sha256 is ")
    path.unlink()
    assert refused([chain / "a"]) == (
        f"{path} cannot be read (No such file or directory), and {MANIFEST} says that it holds 2 keys. "
        "Copy the corpus again."
    )


def test_keys_are_of_the_trunk_of_their_corpus(tmp_path: Path) -> None:
    """Named by the manifest, with the right sum, and all the same of another preset or not of each stage."""
    folder = corpus(STORE, f"{tmp_path}/a", "a", keys=False)
    pieces = [(np.array([1], np.uint64), np.array([2], np.uint64))]
    rows = [write_keys(STORE, folder, "url", {"preset": describe(MULTILINGUAL)}, pieces)]
    _change(tmp_path / "a", keys=rows)
    assert f"{folder}/keys/url.keys holds keys of another corpus, according to its header" in refused([folder])
    _change(tmp_path / "a", keys=[write_keys(STORE, folder, "url", {"preset": describe(EN)}, pieces)])
    assert refused([folder]) == f"--against {folder} has no keys for stage 'spans'. Build it again."
