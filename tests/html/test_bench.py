"""bench.warc: every way gives its texts, and a hostile page its line."""

import pytest

from bench.warc import main
from tests import needs

pytestmark = needs.resiliparse


def test_the_ways_are_told_and_ours_gives_what_resiliparse_gives(capsys):
    pytest.importorskip("fastwarc")
    main(["--rounds", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "71 pages, 3,475 bytes of HTML on average"
    assert [line.split()[-1] for line in lines if "c4pipe read_warc" in line] == ["100.0%", "100.0%"]
    assert sum(line.startswith("  c4pipe takes ") for line in lines) == 2


def test_a_hostile_page(capsys):
    main(["--one", "nested"])
    assert capsys.readouterr().out.split("MB")[1].strip().startswith("bad_html: up to 100,000 elements")


def test_your_own_pages(tmp_path, capsys):
    for n in range(3):
        (tmp_path / f"{n}.html").write_text("<p>A page of words.</p>" * 200)
    (tmp_path / "latin.html").write_bytes(b"<p>\xe9" * 900)
    pytest.importorskip("fastwarc")
    main(["--html", str(tmp_path), "--rounds", "1"])
    assert capsys.readouterr().out.startswith("3 pages, 4,600 bytes of HTML")
