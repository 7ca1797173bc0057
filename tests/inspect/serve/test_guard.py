"""Who is answered, and what a browser may do with the answer."""

from __future__ import annotations

import pytest

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.guard import refusal
from tests.inspect.serve.conftest import Ask

OWN = {"host": "127.0.0.1:8000"}
ORIGIN = {"origin": "http://127.0.0.1:8000"}
PATHS = ("/", "/?min=x", "/counts", "/why", "/nowhere", "/static/viewer.js", "/page/en/no.parquet/0", "/owner/x")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LOCALHOST:8000", "LocalHost:8000"])
def test_this_machine_is_answered(host: str) -> None:
    assert refusal("GET", {"host": host}, 8000) is None
    assert refusal("POST", {"host": host, "origin": f"http://{host}"}, 8000) is None


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8000", "127.0.0.1", "127.0.0.1:8001", "localhost.evil.example:8000",
     "0.0.0.0:8000", "127.0.0.1:8000@evil.example", "127.0.0.1.nip.io:8000"],
)  # fmt: skip
def test_a_name_that_was_bound_to_this_machine_is_not(host: str) -> None:
    refused = refusal("GET", {"host": host}, 8000)
    assert refused is not None
    assert refused[0] == 421
    assert "http://127.0.0.1:8000/" in refused[1]


@pytest.mark.parametrize(
    ("method", "headers", "answered"),
    [
        ("GET", {"sec-fetch-site": "same-origin"}, True),
        ("GET", {"sec-fetch-site": "none"}, True),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, True),  # a link that somebody sent
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, False),
        ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, False),  # another port of this machine
        ("POST", {}, False),
        ("POST", ORIGIN, True),
        ("POST", {"sec-fetch-site": "same-origin"}, True),
        ("POST", ORIGIN | {"sec-fetch-site": "same-origin"}, True),
        ("POST", ORIGIN | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, False),
        ("POST", {"origin": "null"}, False),
        ("POST", {"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ("POST", {"origin": "http://evil.example"}, False),
        ("POST", {"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, False),
        ("POST", {"origin": "http://localhost:8000"}, False),
        ("POST", {"origin": "https://127.0.0.1:8000"}, False),
        ("POST", {"origin": "http://127.0.0.1:8000.evil.example"}, False),
    ],
)
def test_other_sites_may_link_here_and_nothing_else(method: str, headers: dict[str, str], answered: bool) -> None:
    refused = refusal(method, OWN | headers, 8000)
    assert (refused is None) == answered
    assert refused is None or refused[0] == 403


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_locked(samples: Corpus, viewer: Ask, path: str) -> None:
    for headers in ({}, {"host": "evil.example"}):
        answer = viewer(samples).get(path, headers=headers)
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
            "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
        }  # fmt: skip
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers
    assert answer.status_code == 421
    assert "<html" not in answer.text
