"""The files that `--input` selects: globs, folders, files and lists; their names do not depend on their location."""

import gzip
import os

import pytest

from c4pipe.errors import ConfigError
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Input, read_inputs, write_input_list
from c4pipe.flow.searching import find_inputs


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")


def names(inputs):
    return [item.name for item in inputs]


def five_bytes(path, name):
    """What is listed of such a file."""
    return Input(str(path), name, 5, stamp=str(os.stat(path).st_mtime_ns))


def test_a_file_is_named_by_its_last_part(tmp_path):
    touch(tmp_path, "a/x.warc.wet.gz")
    path = str(tmp_path / "a" / "x.warc.wet.gz")
    assert find_inputs([path]).inputs == [five_bytes(path, "x.warc.wet.gz")]


def test_a_file_may_have_any_name(tmp_path):
    touch(tmp_path, "sample.warc.txt")
    assert names(find_inputs([str(tmp_path / "sample.warc.txt")]).inputs) == ["sample.warc.txt"]


def test_a_folder_gives_its_wet_files_at_any_depth(tmp_path):
    touch(tmp_path, "b/2.warc.wet.gz", "b/deep/3.warc.wet", "a/1.warc.wet.gz", "README.md", "a/1.warc.gz", "wet.paths")
    assert names(find_inputs([str(tmp_path)]).inputs) == ["a/1.warc.wet.gz", "b/2.warc.wet.gz", "b/deep/3.warc.wet"]


def test_a_glob_gives_whatever_matches(tmp_path):
    touch(tmp_path, "1.warc.wet.gz", "2.warc.wet.gz", "3.txt", "deep/4.warc.wet.gz")
    assert names(find_inputs([str(tmp_path / "*.wet.gz")]).inputs) == ["1.warc.wet.gz", "2.warc.wet.gz"]
    assert names(find_inputs([str(tmp_path / "**" / "*.wet.gz")]).inputs) == [
        "1.warc.wet.gz",
        "2.warc.wet.gz",
        "deep/4.warc.wet.gz",
    ]


def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path):
    touch(tmp_path, "[a-z]*.wet.gz", "b.wet.gz")
    assert names(find_inputs([str(tmp_path / "[a-z]*.wet.gz")]).inputs) == ["[a-z]*.wet.gz"]


def test_names_do_not_depend_on_the_place_or_the_order(tmp_path, monkeypatch):
    found = []
    for place in ("here", "over/there"):
        touch(tmp_path / place, "x/1.wet.gz", "y/2.wet.gz")
        found.append(names(find_inputs([str(tmp_path / place / "y"), str(tmp_path / place / "x")]).inputs))
    monkeypatch.chdir(tmp_path / "here")
    found.append(names(find_inputs(["x/1.wet.gz", "./y/../y/2.wet.gz"]).inputs))
    assert found == [["x/1.wet.gz", "y/2.wet.gz"]] * 3


def test_the_same_file_twice_counts_once(tmp_path, monkeypatch):
    touch(tmp_path, "1.wet.gz")
    (tmp_path / "wet.paths").write_text("1.wet.gz\n./1.wet.gz\n")
    monkeypatch.chdir(tmp_path)
    patterns = ["1.wet.gz", str(tmp_path), "*.gz", "wet.paths", f"{tmp_path}/../{tmp_path.name}"]
    assert names(find_inputs(patterns).inputs) == ["1.wet.gz"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_lines_of_a_list_are_relative_to_its_folder(tmp_path, end):
    touch(tmp_path, "crawl/1.wet.gz", "crawl/2.wet.gz")
    (tmp_path / "crawl" / "wet.paths.gz").write_bytes(gzip.compress(f"2.wet.gz{end}{end} 1.wet.gz{end}".encode()))
    found = find_inputs([str(tmp_path / "crawl" / "wet.paths.gz")]).inputs
    assert found == [five_bytes(tmp_path / "crawl" / f"{i}.wet.gz", f"{i}.wet.gz") for i in (1, 2)]


@pytest.mark.parametrize("root", ["crawl", "crawl/", "./crawl", "ABSOLUTE"])
def test_or_to_the_root(tmp_path, monkeypatch, root):
    touch(tmp_path, "crawl/1.wet.gz", "other/2.wet.gz")
    (tmp_path / "wet.paths").write_text("1.wet.gz\n")
    monkeypatch.chdir(tmp_path)
    root = str(tmp_path / "crawl") if root == "ABSOLUTE" else root
    found = find_inputs(["wet.paths", "other"], root).inputs
    assert found == [five_bytes(tmp_path / n, n) for n in ("crawl/1.wet.gz", "other/2.wet.gz")]


def test_a_list_may_name_what_is_elsewhere(tmp_path):
    (tmp_path / "wet.paths").write_text("crawl-data/A/1.wet.gz\ncrawl-data/B/2.wet.gz\n")
    assert find_inputs([str(tmp_path / "wet.paths")], "s3://commoncrawl/").inputs == [
        Input("s3://commoncrawl/crawl-data/A/1.wet.gz", "A/1.wet.gz", -1),
        Input("s3://commoncrawl/crawl-data/B/2.wet.gz", "B/2.wet.gz", -1),
    ]


def test_files_here_and_in_a_bucket_keep_their_whole_names(tmp_path):
    touch(tmp_path, "1.wet.gz")
    (tmp_path / "wet.paths").write_text("gs://bucket/2.wet.gz\n1.wet.gz\n")
    here = str(tmp_path / "1.wet.gz")
    assert names(find_inputs([str(tmp_path / "wet.paths")]).inputs) == [here, "gs://bucket/2.wet.gz"]


def test_what_cannot_be_opened_is_an_input_without_a_size(tmp_path):
    (tmp_path / "gone.wet.gz").symlink_to("nowhere")
    (tmp_path / "wet.paths").write_text("missing.wet.gz\n")
    assert find_inputs([str(tmp_path / "*.wet.gz")]).inputs == [Input(str(tmp_path / "gone.wet.gz"), "gone.wet.gz", -1)]
    assert find_inputs([str(tmp_path / "wet.paths")]).inputs[0].bytes == -1


@pytest.mark.parametrize(
    ("pattern", "content", "words"),
    [
        ("nothing*.wet.gz", None, "no WET file found"),
        ("none.wet.gz", None, "no WET file found"),
        ("none.paths", None, "No such file"),
        ("empty.paths", b"\n \n", "no WET file found"),
        ("cut.paths.gz", gzip.compress(b"1.wet.gz", mtime=0)[:-4], "cannot be read"),
        ("bomb.paths.gz", gzip.compress(bytes(257 << 20), 1, mtime=0), "cannot be such a list"),
        ("latin.paths", b"caf\xe9.wet.gz\n", "cannot be read"),
    ],
)
def test_a_pattern_that_names_nothing_is_an_error(tmp_path, pattern, content, words):
    if content is not None:
        (tmp_path / pattern).write_bytes(content)
    with pytest.raises(ConfigError, match=words) as caught:
        find_inputs([str(tmp_path / pattern)])
    assert pattern in str(caught.value)


def test_the_list_of_inputs_comes_back_as_it_was(tmp_path):
    inputs = [Input(f"/data/{name}", name, i) for i, name in enumerate(["a b.wet", 'q"\\.wet', "\u2028é\x1b.wet"])]
    path = str(tmp_path / "inputs.jsonl")
    write_input_list(inputs, BeamStore(str(tmp_path)), path)
    assert read_inputs(path) == inputs


def test_only_regular_files_are_opened(tmp_path):
    with pytest.raises(OSError, match="not a regular file"):
        BeamStore().open_input(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        BeamStore().open_input(str(tmp_path / "none"))


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "file"

    def fail():
        with BeamStore().write(str(path)) as stream:
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list((tmp_path / "deep").iterdir()) == []
    with BeamStore().write(str(path)) as stream:
        stream.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["file"]


@pytest.mark.parametrize(("path", "remote"), [("gs://b/x", True), ("s3://b/x", True), ("/a:b/c", False), ("a", False)])
def test_is_remote(path, remote):
    assert is_remote(path) is remote
