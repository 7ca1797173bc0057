"""Credentials in a URL, such as a signature or password, are in nothing that a build writes or prints."""

import base64
import http.server
import os
import stat
import threading

import pytest

from beam_jobs import build_c4
from beam_jobs.corpora import staging_key
from c4pipe.errors import ConfigError
from c4pipe.fetch.wire import redirected
from c4pipe.flow.inputs import Input
from c4pipe.flow.searching import find_inputs
from c4pipe.text.urls import public, unsigned
from tests.wetfiles import SAMPLES, digests

SECRET = "s3cr3tsignature"
NAMES = ("news.warc.wet.gz", "damaged.warc.wet.gz")


class Guarded(http.server.BaseHTTPRequestHandler):
    """Gives files to those who sign, or say who they are."""

    asked: list[str] = []

    def do_GET(self):
        path, _, query = self.path.partition("?")
        token = base64.b64encode(f"me:{SECRET}".encode()).decode()
        allowed = SECRET in query or self.headers.get("Authorization") == f"Basic {token}"
        file = SAMPLES / path[1:]
        data = file.read_bytes() if allowed and file.is_file() else b"<Error><Code>AccessDenied</Code></Error>"
        self.send_response(200 if allowed and file.is_file() else 404)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{len(data)}"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def host():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def build(badwords, output, *inputs):
    arguments = ["--badwords-dir", str(badwords), "--workers", "1", "--output", str(output), "--keep-staging"]
    return build_c4.main([*arguments, "--input", *inputs])


def holders(folder):
    """The files that hold the secret, packed or not."""
    return [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("how", ["signed", "user"])
def test_a_secret_stands_in_nothing_but_the_list_of_inputs(host, badwords, tmp_path, capfd, how):
    url = {
        "signed": f"http://{host}/%s?X-Amz-Expires=9&X-Amz-Signature={SECRET}",
        "user": f"http://me:{SECRET}@{host}/%s",
    }
    assert build(badwords, tmp_path / "c4", *(url[how] % name for name in NAMES)) == 0
    (listed,) = holders(tmp_path)
    assert listed.name == "inputs.jsonl"
    assert stat.S_IMODE(os.stat(listed).st_mode) == 0o600
    out, err = capfd.readouterr()
    assert SECRET not in out + err
    manifest = (tmp_path / "c4" / "manifest.json").read_text()
    assert '"path": "news.warc.wet.gz"' in manifest
    assert build(badwords, tmp_path / "disk", *(str(SAMPLES / name) for name in NAMES)) == 0
    keep = [{name: sha for name, sha in digests(tmp_path / c).items() if name[0] != "."} for c in ("c4", "disk")]
    assert keep[0] == keep[1]


def test_errors_do_not_tell_it_either(host, badwords, tmp_path, capfd):
    gone = f"http://{host}/none.wet.gz?sig={SECRET}"
    assert build(badwords, tmp_path / "c4", gone) == 2
    assert build(badwords, tmp_path / "c4", f"http://me:{SECRET}@127.0.0.1:x/a.wet") == 2
    assert build(badwords, tmp_path / "c4", f"http://{host}/a b.wet?sig={SECRET}") == 2
    (tmp_path / "a.paths").write_text(f"{gone}\n")
    assert build(badwords, tmp_path / "c4", str(tmp_path / "a.paths")) == 2
    assert build(badwords, tmp_path / "c4", f"http://{host}/a.paths?sig={SECRET}") == 2
    assert build(badwords, tmp_path / "c4", f"s3://key:{SECRET}@bucket/none.wet") in (1, 2)
    out, err = capfd.readouterr()
    assert "404" in err
    assert SECRET not in out + err


def test_a_redirect_that_is_refused_does_not_tell_it():
    with pytest.raises(Exception, match=r"redirected to 'http://b\.example/x'") as caught:
        redirected("https://a.example/", f"http://b.example/x?sig={SECRET}")
    assert SECRET not in str(caught.value)


def test_a_url_that_is_signed_anew_is_the_same_input(host):
    one, two = (f"http://{host}/news.warc.wet.gz?Expires={n}&Signature={SECRET}{n}" for n in (1, 2))
    found = find_inputs([one, two])
    assert [item.name for item in found.inputs] == ["news.warc.wet.gz"]
    assert SECRET not in str(found.left_out)
    keys = {staging_key([Input(url, "news.warc.wet.gz", 5)]) for url in (one, two)}
    assert len(keys) == 1
    assert unsigned(one) == public(one)


def test_urls_that_differ_in_what_they_ask_for_are_two_inputs(tmp_path):
    (tmp_path / "a.paths").write_text("http://a.example/get?file=1&sig=x\nhttp://a.example/get?file=2&sig=x\n")
    found = find_inputs([str(tmp_path / "a.paths")]).inputs
    assert len({item.name for item in found}) == 2
    assert all(item.name.startswith("get-") and "sig" not in item.name for item in found)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://h.example/a.wet?sig=1#x", "https://h.example/a.wet"),
        ("https://me:pw@h.example:8443/a.wet", "https://h.example:8443/a.wet"),
        ("https://h.example?token=1", "https://h.example"),
        ("s3://key:secret@bucket/a.wet", "s3://bucket/a.wet"),
        ("gs://b/a.wet?X-Goog-Signature=1", "gs://b/a.wet"),
        ("gs://b/what?.wet", "gs://b/what?.wet"),
        ("/data/a?b#c@d", "/data/a?b#c@d"),
        ("me@home:x", "me@home:x"),
    ],
)
def test_what_may_be_written_of_a_url(url, plain):
    assert public(url) == public(public(url)) == plain


def test_a_file_of_another_host_that_is_gone_is_told(host):
    with pytest.raises(ConfigError, match="404"):
        find_inputs([f"http://{host}/news.warc.wet.gz"])
