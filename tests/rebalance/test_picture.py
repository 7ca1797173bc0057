"""The picture: the same bytes for the same numbers, and readable by programs that read pictures to people."""

import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest

from c4pipe.rebalance.picture import EntryShare, draw_shares
from tests.wetfiles import ROOT

SVG = "{http://www.w3.org/2000/svg}"
THREE = [EntryShare("en", 0.75, 0.5), EntryShare("de", 0.2495, 0.3), EntryShare("sw", 0.0005, 0.2)]


def texts(picture):
    return ["".join(found.itertext()) for found in ET.fromstring(picture).iter(f"{SVG}text")]


def test_it_names_and_describes_itself():
    root = ET.fromstring(draw_shares(THREE, "3 entries, equal"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    title, desc = root[0], root[1]
    assert (title.tag, title.get("id"), title.text) == (f"{SVG}title", "title", "3 entries, equal")
    assert (desc.tag, desc.get("id")) == (f"{SVG}desc", "desc")
    assert desc.text == (
        "Share of the documents. en 75.000% before, 50.000% after; de 24.950% before, 30.000% after; "
        "sw 0.050% before, 20.000% after."
    )


def test_it_says_in_text_what_it_shows():
    found = texts(draw_shares(THREE, "3 entries, equal"))
    assert [text for text in found if text in ("en", "de", "sw")] == ["sw", "de", "en"]  # from the bottom up
    assert [text for text in found if text.endswith(" %")] == ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"]
    assert {"natural", "mixture", "3 entries, equal"} <= {*found}


@pytest.mark.parametrize("number", [1, 2, 108])
def test_it_has_a_row_for_every_entry(number):
    shares = [EntryShare(f"l{i}", 0.5**i, 1 / number) for i in range(number)]
    picture = draw_shares(shares, f"{number} entries")
    assert {share.name for share in shares} <= {*texts(picture)}
    height = float(ET.fromstring(picture).get("height").removesuffix("pt"))
    assert height == pytest.approx(72 * (0.2 * number + 1.5))


def test_what_has_no_share_is_named_and_not_drawn():
    picture = draw_shares(
        [
            EntryShare("en", 1.0, 0.9),
            EntryShare("sw", 0.0, 0.1),
            EntryShare("xx", 0.0, 0.0),
            EntryShare("yo", 1e-9, 0.0),
        ],
        "t",
    )
    assert {"en", "sw", "xx", "yo"} <= {*texts(picture)}


def test_names_are_data():
    odd = [EntryShare("<b>&\"'", 0.5, 0.5), EntryShare("$x^2$", 0.25, 0.25), EntryShare("a\x1b[31m\x00", 0.25, 0.25)]
    found = texts(draw_shares(odd, "<script> $y$"))
    assert {"<b>&\"'", "$x^2$", r"a\x1b[31m\x00", "<script> $y$"} <= {*found}


def test_the_bytes_depend_on_the_numbers_alone(monkeypatch):
    expected = draw_shares(THREE, "t")
    monkeypatch.setitem(mpl.rcParams, "font.size", 30)
    monkeypatch.setitem(mpl.rcParams, "axes.facecolor", "red")
    assert draw_shares(THREE, "t") == expected
    code = (
        "import sys; from c4pipe.rebalance.picture import EntryShare, draw_shares; "
        "rows = [EntryShare('en', .75, .5), EntryShare('de', .2495, .3), EntryShare('sw', .0005, .2)]; "
        "sys.stdout.buffer.write(draw_shares(rows, 't'))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout == expected
