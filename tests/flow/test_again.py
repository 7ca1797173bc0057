"""Texts of the rejected table are read again from the inputs, or from staged files if that is expensive."""

import gzip
import io
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4
from c4pipe.flow import write
from c4pipe.page import Kept
from c4pipe.passes.reading import read_input
from c4pipe.stages import Read
from c4pipe.text import many
from tests.wetfiles import ODD, corpus, manifest_of, rejected, wet


@pytest.fixture
def build(badwords, tmp_path, capsys):
    def call(source, *options):
        arguments = ["--badwords-dir", str(badwords), "--workers", "1", "--output", str(tmp_path / "c4")]
        assert build_c4.main([*arguments, "--input", str(source), *options]) == 0
        return tmp_path / "c4", capsys.readouterr()

    return call


def texts_in(folder, how):
    """The text of each page of some files, by its source."""
    found = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as stream:
            verdicts = read_input(stream, path.name, how)
            found |= {verdict.page.source: verdict.page.text for verdict in verdicts if isinstance(verdict, Kept)}
    return found


def late(folder):
    """The rows of pages that fell behind the first pass."""
    return [row for row in rejected(folder) if row["stage"] not in ("", "read", "length", "url", "clean")]


def staged_raw(folder):
    return [path.name for path in folder.glob(".staging-*/prefix-*/staged/*.raw.arrow")]


def test_texts_of_wet_files_are_read_again(build, tmp_path):
    source = corpus(tmp_path / "wet", plain=2)
    folder, _ = build(source, "--keep-staging")
    found = texts_in(source, Read())
    assert {row["url"]: row["text"] for row in late(folder)} == {
        row["url"]: found[row["source"]] for row in late(folder)
    }
    assert {ODD[name].url for name in ("german", "bad", "all-gone")} <= {row["url"] for row in late(folder)}
    assert all(row["text"] for row in rejected(folder))
    assert staged_raw(folder) == []
    assert not any("lacking" in part for part in manifest_of(folder)["rejected"])


def files_of(kind):
    rows = [{"text": page.text, "url": page.url, "timestamp": page.date} for page in ODD.values()]
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), stream := io.BytesIO(), row_group_size=4)
        return "a.parquet", stream.getvalue()
    whole = wet([*ODD.values()], packed=False)
    return {
        "jsonl": ("a.jsonl", lines),
        "jsonl packed": ("a.jsonl.gz", gzip.compress(lines)),
        "wet in one member": ("a.warc.wet.gz", gzip.compress(whole)),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "staged"), [("jsonl", 0), ("parquet", 0), ("jsonl packed", 1), ("wet in one member", 1)]
)
def test_texts_of_other_inputs(build, tmp_path, kind, staged):
    name, data = files_of(kind)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(data)
    how = Read(format="wet" if "wet" in kind else kind.partition(" ")[0])
    folder, _ = build(tmp_path / "in", "--input-format", how.format, "--keep-staging")
    found = texts_in(tmp_path / "in", how)
    assert len(late(folder)) == 3
    assert all(row["text"] == found[row["source"]] for row in late(folder))
    assert len(staged_raw(folder)) == staged


def cut(path):
    path.write_bytes(path.read_bytes()[:50])


def touched(path):
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (cut, "bytes when it was listed, and 50 when it was read"),
        (touched, "the file was rewritten while it was being read"),
        (os.remove, "No such file"),
    ],
)
def test_an_input_that_is_another_when_it_is_read_again(build, tmp_path, monkeypatch, happens, why):
    source = corpus(tmp_path / "wet", plain=2)
    mine, real = source / "part-0.warc.wet.gz", write.texts_again
    before, _ = build(source)
    there = late(before)
    from_mine = [row["url"] for row in there if row["source"].startswith(mine.name)]
    done = []

    def changed(*arguments):
        if not done:
            done.append(happens(mine))
        return real(*arguments)

    monkeypatch.setattr(write, "texts_again", changed)
    folder, said = build(source, "--overwrite", "--fresh")
    assert from_mine
    assert [row["url"] for row in late(folder)] == [row["url"] for row in there if row["url"] not in from_mine]
    assert f"note: pages of {mine.name} are not in the rejected table: " in said.err
    assert why in said.err
    parts = manifest_of(folder)["rejected"]
    assert sum(part.get("lacking", 0) for part in parts) == len(from_mine)
    assert f"not in the rejected table: {many(len(from_mine), 'page')} of inputs that changed" in said.out
