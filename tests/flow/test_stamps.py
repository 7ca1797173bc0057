"""Inputs that change between listing and reading: a named fault, and never a corpus that looks complete."""

import http.server
import io
import json
import os
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4
from beam_jobs.corpora import staging_key
from c4pipe.corpus.identity import misread
from c4pipe.flow.inputs import Input
from c4pipe.flow.searching import find_inputs
from c4pipe.flow.stamps import Stamped, file_stamped, read_stamped
from tests.wetfiles import WebPage, digests, manifest_of, story, wet

ANEW = "the file was rewritten while it was being read"


@pytest.mark.parametrize(
    ("listed", "now", "says"),
    [
        (Stamped(10, "a"), Stamped(10, "a"), ""),
        (Stamped(), Stamped(10, "a"), ""),
        (Stamped(10), Stamped(10, "a"), ""),
        (Stamped(10, "a"), Stamped(10), ""),
        (
            Stamped(124_168, "a"),
            Stamped(75_347, "b"),
            "the file had 124,168 bytes when it was listed, and 75,347 when it was read",
        ),
        (Stamped(10, "a"), Stamped(0, "a"), "the file had 10 bytes when it was listed, and 0 when it was read"),
        (
            Stamped(10, "a"),
            Stamped(10, "b"),
            "the file was rewritten while it was being read",
        ),
    ],
)
def test_what_has_changed(listed, now, says):
    assert listed.changed(now) == says


def test_a_file_of_this_machine(tmp_path):
    path = tmp_path / "a.wet"
    path.write_bytes(b"12345")
    os.utime(path, ns=(1, 7))
    assert file_stamped(str(path)) == Stamped(5, "7")
    assert file_stamped(str(tmp_path / "none")) == file_stamped("a\0b") == Stamped()
    assert find_inputs([str(path)]).inputs == [Input(str(path), "a.wet", 5, stamp="7")]
    with path.open("rb") as stream:
        stream.read(2)
        path.unlink()  # what was opened is what was listed
        assert read_stamped(str(path), stream) == Stamped(5, "7")


def test_staged_work_is_of_one_version_of_the_inputs():
    inputs = [Input("/a", "a", 5, stamp="7"), Input("gs://b/c", "c", 5, stamp="8.0")]
    keys = {staging_key([*inputs[:n], inputs[n]._replace(stamp="9"), *inputs[n + 1 :]]) for n in range(2)}
    assert len({staging_key(inputs), *keys}) == 3


def test_a_host_that_gets_another_version(tmp_path):
    class Host(http.server.BaseHTTPRequestHandler):
        tag = '"one"'

        def do_HEAD(self):
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.send_header("ETag", self.tag)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/a.wet"
    (listed,) = find_inputs([url]).inputs
    assert listed == Input(url, "a.wet", 5, stamp='"one"')
    assert read_stamped(url, io.BytesIO(b"12345")) == Stamped(5, '"one"')
    Host.tag = '"two"'
    assert listed.listed.changed(read_stamped(url, io.BytesIO(b"12345"))) != ""
    server.shutdown()


# --- builds -----------------------------------------------------------------------------------------------------


def members(pages):
    return [wet([page]) for page in pages]


def web_pages(count, start=0):
    return [WebPage(f"http://a.example/{start + i}", story(10 * (start + i))) for i in range(count)]


def files_of(kind):
    """Two versions of a file: all of it, and one that is cut where the format cannot know."""
    pages = web_pages(4)
    if kind == "wet":
        whole = members(pages)
        return "a.warc.wet.gz", b"".join(whole), b"".join(whole[:2])
    rows = [{"url": page.url, "timestamp": "2024-01-01T00:00:00Z", "text": page.text} for page in pages]
    if kind == "jsonl":
        lines = [json.dumps(row).encode() + b"\n" for row in rows]
        return "a.jsonl", b"".join(lines), b"".join(lines[:2])
    if kind == "text":
        return "a.txt", rows[0]["text"].encode() * 2, rows[0]["text"].encode()

    def parquet(some):
        stream = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(some), stream)
        return stream.getvalue()

    return "a.parquet", parquet(rows), parquet(rows[:2])


@pytest.fixture
def build(badwords, tmp_path, monkeypatch, capsys):
    """`build(source, then, ...)`: exit code and words of a build that does something between listing and reading."""

    def call(source, then, *options):
        def found(*arguments):
            inputs = find_inputs(*arguments)
            then()
            return inputs

        monkeypatch.setattr(build_c4, "find_inputs", found)
        lists = ["--badwords-dir", str(badwords), "--workers", "1", "--strict"]
        code = build_c4.main(["--input", str(source), "--output", str(tmp_path / "c4"), *lists, *options])
        return code, capsys.readouterr().out

    return call


@pytest.mark.parametrize("kind", ["wet", "jsonl", "parquet", "text"])
def test_an_input_that_is_cut_after_it_was_listed(build, tmp_path, kind):
    name, whole, cut = files_of(kind)
    path = tmp_path / name
    path.write_bytes(whole)
    code, out = build(path, lambda: path.write_bytes(cut), "--input-format", kind)
    words = f"the file had {len(whole):,} bytes when it was listed, and {len(cut):,} when it was read"
    assert code == 3
    assert f"{name}: changed 1" in out
    assert words in out
    (item,) = manifest_of(tmp_path / "c4")["inputs"]
    assert (item["bytes"], item["faults"]) == (len(cut), {"changed": 1})
    assert misread(manifest_of(tmp_path / "c4"), [(name, len(whole))]) == [name]


def test_an_input_that_is_replaced_by_one_of_the_same_size(build, tmp_path):
    path, other = tmp_path / "a.warc.wet", tmp_path / "b"
    versions = [wet(web_pages(2, start), packed=False) for start in (0, 5)]
    size = max(map(len, versions))
    path.write_bytes(versions[0].ljust(size, b"\n"))
    other.write_bytes(versions[1].ljust(size, b"\n"))
    os.utime(other, ns=(1, 1))
    code, out = build(path, lambda: other.rename(path))
    assert code == 3
    assert ANEW in out
    (item,) = manifest_of(tmp_path / "c4")["inputs"]
    assert (item["bytes"], item["faults"]) == (size, {"changed": 1})


def test_what_was_staged_of_another_version_is_not_taken(build, tmp_path):
    path = tmp_path / "a.warc.wet.gz"
    _, whole, cut = files_of("wet")
    path.write_bytes(whole)
    assert build(path, lambda: path.write_bytes(cut), "--keep-staging")[0] == 3
    path.write_bytes(whole)
    assert build(path, lambda: None, "--overwrite")[0] == 0
    (item,) = manifest_of(tmp_path / "c4")["inputs"]
    assert (item["bytes"], item["faults"]) == (len(whole), {})


def test_a_part_of_a_file_is_not_held_against_the_whole(build, tmp_path):
    path = tmp_path / "a.warc.wet.gz"
    _, whole, cut = files_of("wet")
    path.write_bytes(whole)
    assert build(path, lambda: path.write_bytes(cut), "--limit-pages", "1")[0] == 0


def test_an_input_that_does_not_change_is_as_it_was(built, build, tmp_path):
    path = tmp_path / "a.warc.wet.gz"
    path.write_bytes(files_of("wet")[1])
    assert build(path, lambda: None)[0] == 0
    assert digests(tmp_path / "c4") == digests(built(path))


@pytest.mark.parametrize(
    ("item", "size", "found"),
    [
        ({"path": "a", "bytes": 5, "faults": {}}, 5, []),
        ({"path": "a", "bytes": 5, "faults": {"truncated": 2}}, 5, []),
        ({"path": "a", "bytes": 5, "faults": {}}, -1, []),
        ({"path": "a", "bytes": 5, "faults": {}}, 9, ["a"]),
        ({"path": "a", "bytes": 5, "faults": {"changed": 1}}, 5, ["a"]),
        ({"path": "a", "bytes": 5, "faults": {"changed": 1}}, -1, ["a"]),
    ],
)
def test_a_corpus_that_holds_inputs_in_another_state(item, size, found):
    assert misread({"inputs": [item]}, [("a", size)]) == found
