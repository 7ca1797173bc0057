"""A folder means the same wherever it is and however it is named, and files that are not inputs are reported."""

import gzip
import http.server
import os
import shutil
import threading
from functools import partial

import pytest
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from bench.outside import SHARED
from c4pipe.errors import ConfigError
from c4pipe.flow import folders, searching
from c4pipe.flow.searching import SUFFIXES, find_inputs, left_out_by_name
from tests import needs
from tests.flow.test_remote import BUCKET
from tests.wetfiles import SAMPLES

CASES = SHARED / "cases"


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def found_in(*patterns, format="wet", **more):  # noqa: A002
    found = find_inputs([str(pattern) for pattern in patterns], format=format, **more)
    return [item.name for item in found.inputs]


def left_in(top, *patterns, format="wet"):  # noqa: A002
    found = find_inputs([str(pattern) for pattern in patterns or (top,)], format=format)
    return {item.path.removeprefix(f"{top}/"): item.why for item in found.left_out}


MESSY = (
    "a/1.warc.wet.gz", "a/2.WARC.WET.GZ", "a/3.warc.wet.zst", "a/deep/er/4.wet", "a/[5].wet", "b*/6.wet",
    ".ipynb_checkpoints/1.wet", "_temporary/0/2.wet", "a/.cache/3.wet", "a/_SUCCESS", "a/.hidden.wet",
    "a/x.csv", "a/x.warc.gz", "README", "wet.paths", "nested.wet.gz/inner.wet",
)  # fmt: skip
INPUTS = [
    "a/1.warc.wet.gz", "a/2.WARC.WET.GZ", "a/3.warc.wet.zst", "a/[5].wet", "a/deep/er/4.wet", "b*/6.wet",
    "nested.wet.gz/inner.wet",
]  # fmt: skip
LEFT = {
    ".ipynb_checkpoints": "a hidden folder",
    "_temporary": "a hidden folder",
    "a/.cache": "a hidden folder",
    "a/_SUCCESS": "a hidden file",
    "a/.hidden.wet": "a hidden file",
    "a/x.csv": "no WET file by its name (.csv)",
    "a/x.warc.gz": "no WET file by its name (.warc.gz)",
    "README": "no WET file by its name (no ending)",
    "wet.paths": "no WET file by its name (.paths)",
}


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    monkeypatch.setitem(BUCKET, "root", tmp_path / "objects")
    return tmp_path / "objects"


@pytest.fixture
def serve():
    """`serve(folder)`: the URL of a host that shows its files, and pages of links for its folders."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    def start(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()


HOW = ("local", "slash", "linked", "file url", "bucket", "bucket/", "glob", "bucket glob", "list")


@pytest.mark.parametrize("how", HOW)
def test_a_folder_means_the_same_everywhere(tmp_path, bucket, how):
    touch(bucket / "b" / "wet", *MESSY)
    top = str(bucket / "b" / "wet")
    (tmp_path / "link").symlink_to(top)
    (tmp_path / "all.paths").write_text(top + "\n")
    pattern = {
        "local": top,
        "slash": f"{top}/",
        "linked": str(tmp_path / "link"),
        "file url": f"file://{top}",
        "bucket": "c4test://b/wet",
        "bucket/": "c4test://b/wet/",
        "glob": f"{bucket}/b/we?",
        "bucket glob": "c4test://b/we*",
        "list": str(tmp_path / "all.paths"),
    }[how]
    found = find_inputs([pattern])
    assert [item.name for item in found.inputs] == INPUTS
    left = {item.path.replace("/link/", "/wet/").partition("/wet/")[2]: item.why for item in found.left_out}
    assert left == LEFT
    assert all(item.bytes > 0 for item in found.inputs)


def test_a_folder_of_the_web_is_what_its_page_of_links_says(tmp_path, serve):
    touch(tmp_path, "wet/1.wet.gz", "wet/deep/2 b.wet.gz", "wet/x.csv", "wet/_logs/3.wet.gz", "4.wet.gz")
    host = serve(tmp_path)
    found = find_inputs([f"{host}/wet/"])
    assert [item.name for item in found.inputs] == ["1.wet.gz", "deep/2%20b.wet.gz"]
    assert [item.path.rpartition("/")[2] for item in found.left_out] == ["_logs", "x.csv"]
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "index.html").write_text("no links")
    with pytest.raises(ConfigError, match=r"plain/ does not return a page of links. Name files, or a list of them"):
        find_inputs([f"{host}/plain/"])


def test_links_are_followed_once_and_not_in_circles(tmp_path):
    touch(tmp_path, "top/real/1.wet", "elsewhere/2.wet")
    top = tmp_path / "top"
    (top / "real" / "back").symlink_to("..")
    (top / "a-link").symlink_to("real")
    (top / "out").symlink_to("../elsewhere")
    (top / "1-again.wet").symlink_to("real/1.wet")
    (top / "gone").symlink_to("nowhere")
    (top / "loop.csv").symlink_to("loop.csv")
    os.symlink(top, tmp_path / "elsewhere" / "home")
    assert found_in(top) == ["out/2.wet", "real/1.wet"]
    assert left_in(top) == {
        "1-again.wet": f"another name of {top}/real/1.wet",
        "a-link": f"another name of {top}/real, which was searched",
        "gone": "no WET file by its name (no ending)",
        "loop.csv": "no WET file by its name (.csv)",
        "out/home": f"another name of {top}, which was searched",
        "real/back": "a link that leads back to a folder around it",
    }


def test_one_file_by_two_names_is_one_input_by_whichever_name_it_is_asked_for(tmp_path):
    touch(tmp_path, "z.wet")
    (tmp_path / "a.wet").symlink_to("z.wet")
    for patterns in (["a.wet", "z.wet"], ["z.wet", "a.wet"], ["*.wet"]):
        found = find_inputs([str(tmp_path / pattern) for pattern in patterns])
        assert [item.name for item in found.inputs] == ["z.wet"]
        assert found.left_out == [(str(tmp_path / "a.wet"), f"another name of {tmp_path}/z.wet")]
    assert found_in(tmp_path / "a.wet") == ["a.wet"]


def test_a_data_set_that_is_a_folder_gives_its_parts(tmp_path):
    spark = ("x.parquet/part-00000-1f.snappy.parquet", "x.parquet/_SUCCESS", "x.parquet/.part-00000-1f.crc")
    touch(tmp_path, *spark, "y.parquet/part.0.parquet", "y.parquet/_metadata", "z.json/part-00000", "z.json/0.part.gz")
    parts = ["x.parquet/part-00000-1f.snappy.parquet", "y.parquet/part.0.parquet"]
    assert found_in(tmp_path, format="parquet") == parts
    assert found_in(tmp_path / "x.parquet", format="parquet") == ["part-00000-1f.snappy.parquet"]
    assert found_in(tmp_path, format="jsonl") == ["0.part.gz", "part-00000"]


def test_json_that_says_something_of_the_data_is_no_data(tmp_path):
    touch(tmp_path, "a.json", "dataset_infos.json", "b.ndjson.gz", "c.jsonl.zstd", "d.JSONL.ZST", "e.jsonlines")
    assert found_in(tmp_path, format="jsonl") == ["a.json", "b.ndjson.gz", "c.jsonl.zstd", "d.JSONL.ZST", "e.jsonlines"]
    assert left_in(tmp_path, format="jsonl") == {"dataset_infos.json": "says something of the data, by its name"}


@pytest.mark.parametrize("remote", [False, True], ids=["local", "bucket"])
def test_a_corpus_gives_its_shards_and_nothing_else(built, small, bucket, remote):
    corpus = bucket / "b" / "c4"
    shutil.copytree(built(small), corpus)
    (corpus / "en" / "mine.parquet").write_bytes(b"none of its")
    (corpus / ".made-1f").mkdir()
    (corpus / ".made-1f" / "x.parquet").write_bytes(b"half a corpus")
    top = "c4test://b/c4" if remote else str(corpus)
    assert found_in(top, format="parquet") == ["train-00000-of-00001.parquet", "validation-00000-of-00001.parquet"]
    told = left_in(top, format="parquet")
    rejected = next(name for name in told if "rejected" in name)
    assert told[rejected] == "rejected pages of a corpus"
    assert told["en/mine.parquet"] == told["manifest.json"] == "of a corpus of c4pipe, and none of its shards"
    with pytest.raises(ConfigError, match=r"no text file found .* of a corpus of c4pipe"):
        find_inputs([top], format="text")  # its word lists are none of its pages
    shutil.rmtree(corpus / "en")
    assert len(found_in(top, format="parquet")) == 2  # they are missed when they are read
    (corpus / "en").mkdir()
    (corpus / "en" / "mine.parquet").write_bytes(b"none of its")
    (corpus / "manifest.json").write_text("{}")  # of somebody else
    assert "mine.parquet" in " ".join(found_in(top, format="parquet"))


def test_a_corpus_of_links_is_one_too(built, small, tmp_path):
    for path in built(small).rglob("*"):
        if path.is_file():
            link = tmp_path / path.relative_to(built(small))
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    assert found_in(tmp_path, format="parquet") == ["train-00000-of-00001.parquet", "validation-00000-of-00001.parquet"]
    (tmp_path / "manifest.json").unlink()
    (tmp_path / "manifest.json").symlink_to("nowhere")
    assert len(found_in(tmp_path, format="parquet")) >= 2


def test_a_home_is_found_and_a_name_of_that_kind_comes_first(tmp_path, monkeypatch):
    touch(tmp_path, "home/1.wet", "here/~/2.wet")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    assert found_in("~/2.wet") == ["2.wet"]
    monkeypatch.chdir(tmp_path)
    assert found_in("~/1.wet") == found_in("~") == ["1.wet"]
    (tmp_path / "l.paths").write_text("1.wet\n")
    assert find_inputs(["l.paths"], "~").inputs[0].bytes > 0


def test_a_file_url_is_a_file(tmp_path):
    touch(tmp_path, "a b.wet")
    assert found_in(f"file://{tmp_path}/a%20b.wet") == found_in(f"file://localhost{tmp_path}/a%20b.wet") == ["a b.wet"]
    with pytest.raises(ConfigError, match=r"a file on another machine\. Expected file:///PATH"):
        find_inputs(["file://elsewhere/a.wet"])


def test_a_name_with_brackets_or_stars_is_a_name_first(tmp_path, bucket):
    touch(bucket / "b", "x[1].wet", "x1.wet", "y*.wet", "y2.wet", "in[2]/z.wet", "in2/w.wet")
    for top in (bucket / "b", "c4test://b"):
        assert found_in(f"{top}/x[1].wet") == ["x[1].wet"]
        assert found_in(f"{top}/y*.wet") == ["y*.wet"]
        assert found_in(f"{top}/in[2]") == ["z.wet"]
        assert found_in(f"{top}/y?.wet", f"{top}/x?.wet") == ["x1.wet", "y*.wet", "y2.wet"]
        (bucket / "b" / "l.paths").write_text("x[1].wet\ny*.wet\n")
        assert found_in(f"{top}/l.paths") == ["x[1].wet", "y*.wet"]


def test_a_file_that_is_named_is_taken_whatever_its_ending(tmp_path):
    touch(tmp_path, "a.bin", "_b", ".c")
    assert found_in(tmp_path / "a.bin", tmp_path / "_b", tmp_path / ".c") == [".c", "_b", "a.bin"]
    assert found_in(tmp_path / "*") == ["a.bin"]  # a glob means none that is hidden
    assert found_in(tmp_path / "_*") == ["_b"]


def test_what_is_there_is_told_when_nothing_is_found(tmp_path):
    touch(tmp_path, "1.csv", "2.csv", "3.CSV", "x.warc.gz", "a.jsonl", "_SUCCESS")
    with pytest.raises(ConfigError) as caught:
        find_inputs([str(tmp_path)])
    assert str(caught.value).startswith(
        f"--input {tmp_path}: no WET file found (there: 3 files ending in .csv; 1 file ending in .jsonl; "
        "1 file ending in .warc.gz; 1: a hidden file). Files of these endings are read with --input-format warc. "
        "Files of these endings are read with --input-format jsonl. "
        "Expected a file, a folder with *.wet files, compressed or not, a glob, or a list of paths (*.paths, "
    )


def test_so_many_are_named_and_the_rest_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "MOST_LEFT_OUT", 2)
    touch(tmp_path, "1.wet", "a.csv", "b.csv", "c.csv", "d.csv")
    found = find_inputs([str(tmp_path)])
    assert [item.path.rpartition("/")[2] for item in found.left_out] == ["a.csv", "b.csv", "... 2 more"]


def test_a_folder_that_cannot_be_searched_is_told(tmp_path, monkeypatch):
    touch(tmp_path, "1.wet", "closed/2.wet")
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert found_in(tmp_path) == ["1.wet"]
    assert left_in(tmp_path) == {"closed": f"{tmp_path}/closed cannot be searched (Permission denied)."}
    with pytest.raises(ConfigError, match=r"closed cannot be searched \(Permission denied\)"):
        find_inputs([str(tmp_path / "closed")])


def test_an_object_that_cannot_be_asked_for_is_told_by_its_listing(monkeypatch):
    def fails(*_):
        raise BeamIOError("no way in with secret@", {})

    monkeypatch.setattr(FileSystems, "exists", fails)
    monkeypatch.setattr(FileSystems, "match", fails)
    with pytest.raises(ConfigError, match=r"c4test://b/x.* cannot be listed: no way in"):
        find_inputs(["c4test://b/x"])


@pytest.mark.skipif(not CASES.is_dir(), reason=needs.WET)
def test_a_list_saved_on_windows_names_its_first_file():
    assert found_in(CASES / "wet.paths") == ["good.warc.wet.gz"]


LINE = "crawl-data/CC-MAIN-2024-22/segments/1/wet/news.warc.wet.gz"


def test_the_lists_of_common_crawl_are_relative_to_what_stands_before_crawl_data(tmp_path, serve):
    crawl = tmp_path / "mirror" / "crawl-data" / "CC-MAIN-2024-22"
    (crawl / "segments" / "1" / "wet").mkdir(parents=True)
    shutil.copy(SAMPLES / "news.warc.wet.gz", crawl / "segments" / "1" / "wet")
    (crawl / "wet.paths.gz").write_bytes(gzip.compress(f"{LINE}\n".encode()))
    host = serve(tmp_path)
    for top in (f"{host}/mirror", str(tmp_path / "mirror")):
        (item,) = find_inputs([f"{top}/crawl-data/CC-MAIN-2024-22/wet.paths.gz"]).inputs
        assert item.path == f"{top}/{LINE}"
    shutil.copy(crawl / "wet.paths.gz", tmp_path / "wet.paths.gz")
    with pytest.raises(ConfigError) as caught:
        find_inputs([f"{host}/wet.paths.gz"])
    assert str(caught.value) == (
        f"--input {host}/wet.paths.gz: the host has none of the files in the list, such as {host}/{LINE} "
        "(HTTP 404 Not Found). Give their base URL: --root URL."
    )
    assert find_inputs([f"{host}/wet.paths.gz"], f"{host}/mirror").inputs[0].name == "news.warc.wet.gz"


def test_no_ending_belongs_to_two_formats():
    every = [end for ends in SUFFIXES.values() for end in ends]
    assert len({*every}) == len(every)
    assert not any(a != b and a.endswith(b) for a in every for b in every)
    assert all(folders.ending_of(f"X{end.upper()}") in end for end in every)


def test_what_is_left_out_is_told_without_the_folders_of_a_machine(tmp_path):
    for name in ("in/a.wet", "in/notes.csv", "in/deep/b.wet", "in/deep/c.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "in" / "z.wet").symlink_to(tmp_path / "in" / "a.wet")
    told = dict(left_out_by_name(find_inputs([str(tmp_path / "in")])))
    assert set(told) == {"notes.csv", "deep/c.csv", "z.wet"}
    assert told["z.wet"] == "another name of a.wet"
