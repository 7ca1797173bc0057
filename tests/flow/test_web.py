"""Inputs over http: the corpus of the same files on a disk."""

import gzip
import http.server
import os
import stat
import tempfile
import threading
from functools import partial

import pytest

from beam_jobs import build_c4
from c4pipe.errors import BuildError, ConfigError
from c4pipe.fetch.download import persist
from c4pipe.fetch.policy import TransientError
from c4pipe.flow.searching import find_inputs
from c4pipe.flow.web import input_cache, web_client
from tests.wetfiles import ROOT, digests

SAMPLES = ROOT / "data_samples"
NAMES = ("news.warc.wet.gz", "damaged.warc.wet.gz", "plain.warc.wet")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def host():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SAMPLES)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def build(badwords, output, *inputs):
    arguments = ["--badwords-dir", str(badwords), "--workers", "1", "--output", str(output), "--input", *inputs]
    return build_c4.main(arguments)


def test_files_of_the_web_give_the_corpus_of_the_same_files_on_a_disk(host, badwords, tmp_path):
    assert build(badwords, tmp_path / "web", *(f"{host}/{name}" for name in NAMES)) == 0
    assert build(badwords, tmp_path / "disk", *(str(SAMPLES / name) for name in NAMES)) == 0
    assert digests(tmp_path / "web") == digests(tmp_path / "disk")


def test_a_list_names_files_of_the_web(host, tmp_path):
    with gzip.open(tmp_path / "wet.paths.gz", "wt") as out:
        out.write("news.warc.wet.gz\nsites.warc.wet.gz\n")
    found = find_inputs([str(tmp_path / "wet.paths.gz")], root=host).inputs
    assert [(item.path, item.name) for item in found] == [
        (f"{host}/news.warc.wet.gz", "news.warc.wet.gz"),
        (f"{host}/sites.warc.wet.gz", "sites.warc.wet.gz"),
    ]


def test_a_file_that_the_host_does_not_have_is_wrong_use(host):
    with pytest.raises(ConfigError, match=r"none\.warc\.wet\.gz cannot be fetched: .*404"):
        find_inputs([f"{host}/none.warc.wet.gz"])


def test_one_of_a_list_that_the_host_does_not_have_is_an_unreadable_input(host, badwords, tmp_path, capsys):
    (tmp_path / "wet.paths").write_text("news.warc.wet.gz\nnone.warc.wet.gz\n")
    arguments = ["--badwords-dir", str(badwords), "--workers", "1", "--output", str(tmp_path / "c4"), "--strict"]
    assert build_c4.main([*arguments, "--input", str(tmp_path / "wet.paths"), "--root", host]) == 3
    assert "1 of 2 inputs gave no page:\n    none.warc.wet.gz: " in capsys.readouterr().out


@pytest.fixture
def own_disk(tmp_path, monkeypatch):
    """Where inputs are kept when the staging folder is in a bucket."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"c4pipe-inputs-{os.geteuid()}"


def test_with_the_staging_in_a_bucket_inputs_are_kept_in_a_folder_of_this_user(own_disk, host):
    with input_cache("gs://bucket/staging").open(f"{host}/plain.warc.wet") as file:
        assert file.read() == (SAMPLES / "plain.warc.wet").read_bytes()
    assert stat.S_IMODE(own_disk.stat().st_mode) == 0o700
    assert len([*own_disk.glob("*[!k]")]) == 1


def test_a_folder_in_which_others_may_have_put_files_is_not_read(own_disk):
    own_disk.mkdir()
    own_disk.chmod(0o777)
    with pytest.raises(BuildError, match=r"c4pipe-inputs-\d+, where .* the mode 0777\), .* Set TMPDIR"):
        input_cache("gs://bucket/staging")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only that gives files to others")
def test_nor_is_one_that_another_user_made(own_disk):
    own_disk.mkdir(0o755)
    os.chown(own_disk, 54_321, 54_321)
    with pytest.raises(BuildError, match="has owner 54321"):
        input_cache("gs://bucket/staging")


def test_that_a_host_lets_one_wait_is_said(monkeypatch, capsys):
    client = web_client()
    monkeypatch.setattr(client.clock, "sleep", lambda _: None)
    answers = iter([TransientError("HTTP 403 Forbidden", status=403), None])

    def attempt():
        if error := next(answers):
            raise error

    persist(client, "a.wet", attempt)
    assert capsys.readouterr().err.startswith("note: a.wet: HTTP 403 Forbidden; attempt 2 of 8 in 1.")
