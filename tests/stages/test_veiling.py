"""What a corpus that masks personal data may show of a text, an edit, a detail, a page that was cut."""

from __future__ import annotations

import json
import re
from contextlib import redirect_stderr, redirect_stdout
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs import build_c4
from c4pipe.corpus.plan import Plan
from c4pipe.files.assets import Assets
from c4pipe.inspect.__main__ import main as inspect
from c4pipe.inspect.explain import explain
from c4pipe.page import Page
from c4pipe.pii import REGIONS_OF, find_personal
from c4pipe.presets import PRESETS
from c4pipe.rules import LineEdit
from c4pipe.rules.dclm_lines import StripAddresses, StripPhrases
from c4pipe.rules.lines import StripCitations
from c4pipe.stages import Clean
from c4pipe.stages.personal import MaskPersonal, with_personal_masked
from c4pipe.stages.veiling import Veil
from tests.conftest import quicken_pipelines
from tests.wetfiles import WebPage, story, wet

KINDS = ("email", "ip", "phone")
VEIL = Veil([MaskPersonal(kinds=KINDS), *PRESETS["en"].stages], lambda part: part)
SERVER = "185.199.108.153"
SECRET = "zyted.quorsan@vottmail-leqk.com"


def pieces(secret: str, least: int = 5) -> set[str]:
    return {secret[at : at + least] for at in range(len(secret) - least + 1)}


def shows(text: str, secret: str = SECRET) -> list[str]:
    return sorted(piece for piece in pieces(secret) if piece in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to zyted.quorsan[1]@vottmail-leqk.com today.", "Write to <EMAIL> today."),
        ("Write to zyted.quorsan@vottmail-[2]leqk.com today.", "Write to <EMAIL> today."),
        ("One[3]\n  zyted[1].quorsan@vottmail-[2]leqk.com, ada@b.com.", "One[3]\n  <EMAIL>, <EMAIL>."),
        ("This is version\n185.199.108.153 is where it stands.", "This is version\n<IP> is where it stands."),
        ("Nothing[1] of it[2].", "Nothing[1] of it[2]."),
    ],
)
def test_what_an_edit_makes_whole_is_hidden_where_it_stands(text: str, shown: str) -> None:
    assert VEIL.text(text) == shown


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("begins with b'x secret.detail.long.name.person@hotmail'", "begins with 'x…'"),
        ("8 bytes: b'caf\\xc3\\xa9 a\\…'", "8 bytes: 'café…'"),  # the detail was cut in the middle of an escape
        ('8 bytes: b"caf\\xc3\\xa9 a\\xc…', "8 bytes: 'café…'"),
        ("40 bytes: b'junk zyted.quorsan@vottmail-leqk.com junk…'", "40 bytes: 'junk <EMAIL>…'"),
        ("40 bytes: b'a\\n185.199.108.153 is it, my dear'", "40 bytes: 'a\\n<IP> is it, my…'"),
        ("40 bytes: b'hansem\\xc3\\xbcller@web.de wrote this\\xc3'", "40 bytes: '<EMAIL> wrote…'"),
        ("40 bytes: b'call +44 20 7946 09'", "40 bytes: 'call…'"),
        ("40 bytes: b'\\xe3\\x81\\x82 zyted.quo…", "40 bytes: 'あ…'"),
        ("image/secret.type zyted.quor…", "image/secret.type…"),
        ("the file ends in a gzip member", "the file ends in a gzip member"),
        ("of zyted.quorsan@vottmail-leqk.com", "of <EMAIL>"),
    ],
)
def test_a_detail_shows_no_half_address(detail: str, shown: str) -> None:
    assert VEIL.detail(detail) == shown
    assert Veil(PRESETS["en"].stages, lambda part: part).detail(detail) == detail


@pytest.mark.parametrize(
    ("number", "language"),
    [("(11) 96123-4420", "pt"), ("54 011 2345-6866", "es"), ("030 901820", "de"), ("06 12 34 56 78", "fr")],
)
def test_a_number_of_any_language_is_hidden_whole(number: str, language: str) -> None:
    text = f"Call {number} now."
    (one,) = find_personal(text, ("PHONE",), REGIONS_OF[language])
    assert text[one.start : one.end] == number
    assert VEIL.text(f"First.\n{text}\nLast.") == "First.\nCall <PHONE> now.\nLast."


def test_a_beginning_ends_before_what_was_cut() -> None:
    assert VEIL.beginning("Write to me, secret.prev@hotmail") == "Write to me,"
    assert VEIL.beginning("Pay to DE89 3704 0044 05") == "Pay to"
    assert VEIL.beginning("日本語の文章secret.prev") == "日本語の文章"
    assert VEIL.beginning("日本語の文章secret.prev@hotm") == ""


@pytest.mark.parametrize("name", ["en.noblocklist", "dclm", "fineweb", "gopher"])
def test_an_explanation_shows_no_piece(name: str) -> None:
    preset = with_personal_masked(PRESETS[name], KINDS)
    plan = Plan(preset.without("language"), Assets())
    text = f"{story(300)}\nPlease write to zyted.quorsan[1]@vottmail-[2]leqk.com for all of the details."
    found = explain(Page("http://a.example/", text, ""), plan)
    if name == "en.noblocklist":
        assert "<EMAIL>" in found.text
        assert not shows(repr(found))


BROKEN = st.lists(st.integers(1, len(SECRET) - 1), min_size=1, max_size=4, unique=True).map(sorted)
CITED = ("[1]", "[citation needed]", "[edit]", "[12]")


@given(
    BROKEN,
    st.sampled_from([(StripCitations(), mark) for mark in CITED] + [(StripPhrases(), " items in cart")]),
    st.text("ab [1]\n.", max_size=30),
)
@settings(max_examples=200, deadline=None)
def test_no_piece_of_an_address_that_an_edit_makes_whole_is_shown(
    places: list[int], how: tuple[LineEdit, str], beside: str
) -> None:
    edit, mark = how
    bounds = [0, *places, len(SECRET)]
    raw = f"{beside}\nTo {mark.join(SECRET[start:end] for start, end in pairwise(bounds))} now.\n{beside}"
    veil = Veil([MaskPersonal(), Clean("clean", (edit,))], lambda part: part)
    if SECRET in "\n".join(edit.edit(line.strip()) for line in raw.splitlines()):
        assert not shows(veil.text(raw))


def test_an_edit_of_whole_web_addresses_hides_what_it_joins() -> None:
    veil = Veil([MaskPersonal(), Clean("clean", (StripAddresses(),))], lambda part: part)
    assert veil.text("Write to ada@ http://a.example.com/bпример.рф now.") == "Write to <EMAIL> now."


WORDS = ("version", "a@b.com", "185.199.108.153", "+44 20 7946", "0958", "tel", "ü", " ", ".")


@given(st.lists(st.sampled_from(WORDS)))
def test_nothing_is_found_by_what_stands_on_other_lines(parts: list[str]) -> None:
    for at in range(len(parts)):
        first, second = " ".join(parts[:at]), " ".join(parts[at:])
        behind = [(len(first) + 1 + one.start, len(first) + 1 + one.end, one.kind) for one in find_personal(second)]
        assert find_personal(f"{first}\n{second}") == [*find_personal(first), *behind]


@pytest.fixture(scope="module", params=["all", "sample"])
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    quicken_pipelines()
    folder = tmp_path_factory.mktemp("veiled")
    broken = "Please write to zyted.quorsan[1]@vottmail-[2]leqk.com for all of the details."
    texts = [
        WebPage("http://one.example/", f"{story(100)}\n{broken}"),
        WebPage("http://two.example/", f"What we call version\n{SERVER} is where it stands for all.\n{story(200)}"),
        WebPage("http://three.example/", f"{broken}\nThe code {{ stands in one line of text. }}\n" * 4),
        WebPage("http://four.example/", f"{broken} It ends\n{story(100)}"),
    ]
    (folder / "a.warc.wet").write_bytes(b"junk zyted.quorsan@vottmail-leqk.com junk\r\n" + wet(texts, packed=False))
    arguments = ["--input", str(folder / "a.warc.wet"), "--output", str(folder / "out"), "--workers", "1"]
    with (folder / "said").open("w") as said, redirect_stdout(said), redirect_stderr(said):
        assert build_c4.main([*arguments, "--rejected", request.param, "--mask-personal", "email,ip,phone"]) == 0
    return folder / "out"


def test_no_file_and_no_view_of_a_corpus_shows_a_piece(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect([str(corpus)]) == 0
    for url in ("one", "two", "three", "four"):
        inspect([str(corpus), "--url", f"http://{url}.example/"])
        inspect([str(corpus), "--url", f"http://{url}.example/", "--json"])
    tables = [pq.read_table(path).to_pylist() for path in corpus.rglob("*.parquet")]
    files = "".join(path.read_text() for path in corpus.rglob("*.json"))
    files += (corpus.parent / "said").read_text()
    told = capsys.readouterr().out + json.dumps(tables, default=str) + files
    assert "bytes: 'junk <EMAIL> junk…')" in files
    assert not shows(told)
    assert not shows(told, SERVER)
    assert len(re.findall("<EMAIL>", json.dumps(tables, default=str))) >= 4
