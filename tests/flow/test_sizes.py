"""A list of sizes reveals what no reader can notice: a file that was cut between two members."""

import gzip
import json

import pytest

from beam_jobs import build_c4
from c4pipe.errors import ConfigError
from c4pipe.flow.searching import find_inputs
from c4pipe.flow.sizes import with_sizes
from tests.wetfiles import ROOT

NEWS = ROOT / "data_samples" / "news.warc.wet.gz"


def cut_between_members(data):
    """The file without its last member."""
    return data[: data.rindex(b"\x1f\x8b\x08")]


def build(badwords, folder, *more):
    arguments = ["--badwords-dir", str(badwords), "--workers", "1", "--output", str(folder / "c4"), *more]
    return build_c4.main(["--input", str(folder / "wet"), *arguments])


@pytest.fixture
def cut(tmp_path):
    (tmp_path / "wet").mkdir()
    data = cut_between_members(NEWS.read_bytes())
    gzip.decompress(data)  # whole, as far as gzip can tell
    (tmp_path / "wet" / "news.warc.wet.gz").write_bytes(data)
    (tmp_path / "sizes").write_text(f"{len(NEWS.read_bytes())} news.warc.wet.gz\n")
    return tmp_path


def test_without_a_list_the_cut_cannot_be_seen(badwords, cut):
    assert build(badwords, cut, "--strict") == 0


def test_with_one_it_is_a_fault_at_the_end_of_the_file(badwords, cut):
    assert build(badwords, cut, "--strict", "--sizes", str(cut / "sizes")) == 3
    size, whole = (cut / "wet" / "news.warc.wet.gz").stat().st_size, NEWS.stat().st_size
    (fault,) = json.loads((cut / "c4" / "stats.json").read_text())["faults"]
    assert (fault["file"], fault["offset"], fault["reason"]) == ("news.warc.wet.gz", size, "truncated")
    assert fault["detail"] == f"the file has {size:,} bytes, the list of sizes says {whole:,}"


def test_a_file_of_the_right_size_has_no_fault(badwords, cut):
    (cut / "wet" / "news.warc.wet.gz").write_bytes(NEWS.read_bytes())
    assert build(badwords, cut, "--strict", "--sizes", str(cut / "sizes")) == 0


def test_names_may_be_whole_paths(tmp_path):
    (tmp_path / "sizes").write_text(f"7 {NEWS}\n")
    assert [item.expected for item in with_sizes(find_inputs([str(NEWS)]).inputs, str(tmp_path / "sizes"))] == [7]


@pytest.mark.parametrize("line", ["news.warc.wet.gz", "12 ", "-1 x", "x 12", "１２ x"])
def test_a_line_that_is_no_size_is_shown(line, tmp_path):
    (tmp_path / "sizes").write_text(f"{line}\n")
    with pytest.raises(ConfigError, match="line 1: expected BYTES NAME"):
        with_sizes(find_inputs([str(NEWS)]).inputs, str(tmp_path / "sizes"))


def test_a_list_of_other_files_is_wrong_use(tmp_path):
    (tmp_path / "sizes").write_text("5 other.warc.wet.gz\n")
    with pytest.raises(ConfigError, match="names none of the inputs"):
        with_sizes(find_inputs([str(NEWS)]).inputs, str(tmp_path / "sizes"))
