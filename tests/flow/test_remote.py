"""Inputs and outputs in a bucket: a Beam file system, here one that keeps its objects in a folder."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from apache_beam.io.filesystem import FileMetadata, FileSystem

from beam_jobs import build_c4
from c4pipe.corpus.ancestors import ancestors, key_readers
from c4pipe.corpus.catalogue import describe
from c4pipe.errors import ConfigError
from c4pipe.flow import placing
from c4pipe.flow.files import BeamStore
from c4pipe.flow.searching import find_inputs
from c4pipe.passes.keeping import write_keys
from c4pipe.presets import EN_NOCLEAN
from c4pipe.shards import SCHEMA_VERSION, write_manifest

SAMPLES = Path(__file__).parents[2] / "data_samples"
BUCKET: dict[str, Path] = {}  # where objects lie; set by the fixture


class BucketFileSystem(FileSystem):
    """c4test://bucket/name. Objects appear at close; there are no folders."""

    @classmethod
    def scheme(cls):
        return "c4test"

    def _path(self, url):
        return BUCKET["root"] / url.removeprefix("c4test://")

    def join(self, basepath, *paths):
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path):
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path):
        raise AssertionError("buckets have no folders")

    def has_dirs(self):
        return False

    def _list(self, dir_or_prefix):
        for path in sorted(BUCKET["root"].rglob("*")):
            url = "c4test://" + path.relative_to(BUCKET["root"]).as_posix()
            if path.is_file() and url.startswith(dir_or_prefix):
                yield FileMetadata(url, path.stat().st_size)

    def create(self, path, mime_type="application/octet-stream", compression_type="auto"):
        target = self._path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        return open(target, "wb")

    def open(self, path, mime_type="application/octet-stream", compression_type="auto"):
        return open(self._path(path), "rb")

    def delete(self, paths):
        for path in paths:
            os.unlink(self._path(path))

    def exists(self, path):
        return self._path(path).is_file()

    def size(self, path):
        return self._path(path).stat().st_size

    def metadata(self, path):
        return FileMetadata(path, self.size(path))

    def rename(self, sources, destinations):
        for source, destination in zip(sources, destinations, strict=True):
            self._path(destination).parent.mkdir(parents=True, exist_ok=True)
            os.replace(self._path(source), self._path(destination))

    def copy(self, sources, destinations):
        raise NotImplementedError

    last_updated = checksum = copy


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    monkeypatch.setitem(BUCKET, "root", tmp_path / "objects")
    (tmp_path / "objects" / "crawl").mkdir(parents=True)
    for path in SAMPLES.glob("*.wet*"):
        shutil.copy(path, tmp_path / "objects" / "crawl")
    return tmp_path / "objects"


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_build_in_a_bucket_gives_the_bytes_of_a_local_one(bucket, badwords, built):
    remote = ["--input", "c4test://crawl", "--output", "c4test://out/c4", "--workers", "1"]
    assert build_c4.main([*remote, "--badwords-dir", str(badwords)]) == 0
    assert files(bucket / "out" / "c4") == files(built(bucket / "crawl"))


def test_a_second_build_finds_the_first_and_another_is_refused(bucket, capsys):
    arguments = ["--input", "c4test://crawl/news.warc.wet.gz", "--output", "c4test://out/c4", "--workers", "1"]
    assert build_c4.main(arguments) == 0
    before = files(bucket / "out")
    assert build_c4.main(arguments) == 0
    assert "it was already built" in capsys.readouterr().out
    assert build_c4.main([*arguments, "--shards", "2"]) == 2
    assert "holds a corpus of preset 'en' that differs from the one asked for in settings (shards)." in (
        capsys.readouterr().err
    )
    assert files(bucket / "out") == before


def test_a_replaced_corpus_leaves_no_shard_behind(bucket):
    arguments = ["--input", "c4test://crawl/news.warc.wet.gz", "--output", "c4test://out/c4", "--workers", "1"]
    assert build_c4.main([*arguments, "--shards", "3"]) == 0
    assert build_c4.main([*arguments, "--shards", "2", "--overwrite"]) == 0
    shards = sorted(path.name for path in (bucket / "out" / "c4" / "en").glob("train-*"))
    assert shards == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]


def test_a_corpus_stands_until_the_one_that_replaces_it_is_whole(bucket, monkeypatch):
    arguments = ["--input", "c4test://crawl/news.warc.wet.gz", "--output", "c4test://out/c4", "--workers", "1"]
    assert build_c4.main([*arguments, "--shards", "3"]) == 0
    before = files(bucket / "out" / "c4")
    assert build_c4.main(["--input", "c4test://crawl/error.warc.wet.gz", *arguments[2:], "--overwrite"]) == 1
    with monkeypatch.context() as patch:
        patch.setattr(placing, "_complete", lambda output, made: (_ for _ in ()).throw(KeyboardInterrupt))
        assert build_c4.main([*arguments, "--shards", "2", "--overwrite"]) == 130
    found = files(bucket / "out" / "c4")
    assert {name: data for name, data in before.items() if name != "manifest.json"}.items() <= found.items()
    assert build_c4.main([*arguments, "--shards", "2"]) == 0
    again = files(bucket / "out" / "c4")
    assert json.loads(again["manifest.json"])["settings"]["shards"] == 2
    assert not [name for name in again if "of-00003" in name]


def test_an_object_that_is_gone_is_noticed_and_made_again(bucket, capsys):
    arguments = ["--input", "c4test://crawl/news.warc.wet.gz", "--output", "c4test://out/c4", "--workers", "1"]
    assert build_c4.main(arguments) == 0
    before = files(bucket / "out" / "c4")
    (bucket / "out" / "c4" / "en" / "train-00000-of-00001.parquet").write_bytes(b"cut")
    assert build_c4.main(arguments) == 0
    assert "is damaged: en/train-00000-of-00001.parquet has 3 bytes" in capsys.readouterr().err
    assert files(bucket / "out" / "c4") == before


def test_inputs_are_named_below_the_folder_they_share(bucket):
    (bucket / "crawl" / "deep").mkdir()
    shutil.copy(SAMPLES / "plain.warc.wet", bucket / "crawl" / "deep" / "one.warc.wet")
    found = find_inputs(["c4test://crawl/deep/one.warc.wet", "c4test://crawl/news.warc.wet.gz"]).inputs
    assert [item.name for item in found] == ["deep/one.warc.wet", "news.warc.wet.gz"]


def test_an_object_that_is_not_there_is_named(bucket):
    with pytest.raises(ConfigError, match=r"--input c4test://crawl/none\.wet: no WET file found"):
        find_inputs(["c4test://crawl/none.wet"])


def test_a_write_that_fails_leaves_no_object(bucket):
    with pytest.raises(RuntimeError), BeamStore().write("c4test://out/half") as stream:
        stream.write(b"half")
        raise RuntimeError
    assert not (bucket / "out").exists()


def test_keys_and_ancestors_in_a_bucket(bucket):
    store, folder = BeamStore(), "c4test://out/c4"
    manifest = {"schema_version": SCHEMA_VERSION, "preset": describe(EN_NOCLEAN), "files": [], "shards": []}
    keys = np.array([1, 2**60], np.uint64)
    manifest["keys"] = [write_keys(store, folder, "url", manifest, [(keys, keys)])]
    write_manifest(store, folder, manifest, {})
    (one,) = ancestors([f"{folder}/"], store)
    assert one.path == folder
    assert key_readers(one, store)["url"].between(2)[0].tolist() == [2**60]
    with pytest.raises(ConfigError, match="c4test://out is not a finished corpus"):
        ancestors(["c4test://out"], store)
    found = find_inputs([f"{folder}/**"], format="parquet")
    assert f"{folder}/keys/url.keys" in [item.path for item in found.left_out]
    assert not [item.path for item in found.inputs if item.path.endswith(".keys")]
