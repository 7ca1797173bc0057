"""c4pipe.inspect.terminal and output: what is sent to a terminal, a pipe, a script."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.inspect.output import json_text, to_csv, to_plain
from c4pipe.inspect.show_pages import highlighted
from c4pipe.inspect.terminal import PIPE_WIDTH, Screen, bar, cells, fit, laid_out, shorten
from c4pipe.text import visible

SGR = re.compile("\x1b\\[[0-9;]*m")  # colour on, colour off


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words, déjà vu 女 😀", "plain words, déjà vu 女 😀"),
        ("\x1b]0;title\x07\x9b2J\x7f\x00", r"\x1b]0;title\x07\x9b2J\x7f\x00"),
        ("a\tb\r\nc\u2028d", r"a\tb\r\nc\u2028d"),
        ("\u202a\u202b\u202c\u202d\u202e", r"\u202a\u202b\u202c\u202d\u202e"),  # embeddings and overrides
        ("\u2066\u2067\u2068\u2069", r"\u2066\u2067\u2068\u2069"),  # isolates
        (
            "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u061c",
            r"\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad\u061c",
        ),
        ("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800", r"\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800"),
        ("\u180b\u180f\ufe00\ufe0f\U000e0100\U000e01ef", r"\u180b\u180f\ufe00\ufe0f\U000e0100\U000e01ef"),
        ("\U000e0041\ue000\udcff", r"\U000e0041\ue000\udcff"),  # a tag, private use, half a surrogate pair
        ("e\u0301", "e\u0301"),  # an accent is seen
    ],
)
def test_what_is_obeyed_or_unseen_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


@settings(deadline=None)  # the first line to a terminal loads rich
@given(st.lists(st.tuples(st.text(), st.sampled_from(["", "bold", "red"]))))
def test_a_line_is_one_line_of_printable_text(parts: list[tuple[str, str]]) -> None:
    pipe, terminal = io.StringIO(), Terminal()
    Screen(pipe).say(*parts)
    Screen(terminal, 80).say(*parts)
    assert pipe.getvalue().removesuffix("\n").isprintable()
    assert SGR.sub("", terminal.getvalue()).removesuffix("\n").isprintable()
    assert SGR.sub("", terminal.getvalue()).rstrip() == pipe.getvalue().rstrip()


def test_colours_go_to_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        Screen(stream).say("a ", ("b", "red"))
    assert pipe.getvalue() == "a b\n"
    assert terminal.getvalue() == "a \x1b[31mb\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    Screen(plain := Terminal()).say("a ", ("b", "red"))
    assert plain.getvalue() == "a b\n"


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("words", 5, "words"),
        ("words", 4, "wor…"),
        ("女女女", 6, "女女女"),
        ("女女女", 5, "女女…"),
        ("女女女", 4, "女…"),
        ("\x1b[2J", 4, "\\x1…"),
        ("e" + "\u0301" * 1000, 10, "e" + "\u0301" * 40 + "…"),
        ("words", 0, ""),
        ("", 0, ""),
    ],
)
def test_a_text_is_cut_to_columns(text: str, width: int, shown: str) -> None:
    assert shorten(text, width) == shown


@given(st.text(), st.integers(0, 30))
def test_a_shortened_text_fits(text: str, width: int) -> None:
    assert cells(shorten(text, width)) <= width


def test_a_long_text_is_cut_at_once() -> None:
    assert shorten("x" * 50_000_000, 10) == "xxxxxxxxx…"


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, ""), (1e-9, "▏"), (1 / 8, "█"), (0.5, "████"), (0.2, "█▋"), (1, "████████")]
)
def test_a_bar_is_as_long_as_its_share(share: float, drawn: str) -> None:
    assert bar(share, 8) == drawn


@given(st.lists(st.integers(0, 200), min_size=1, max_size=8), st.integers(8, 100))
def test_widths_fit_and_only_the_widest_shrink(widths: list[int], room: int) -> None:
    cut = fit(widths, room)
    assert sum(cut) <= room or max(cut) <= 1
    assert all(c == w or c == max(cut) for c, w in zip(cut, widths, strict=True))


def test_a_table_has_straight_columns_whatever_the_letters_take() -> None:
    rows = [["女女", "1"], [("abc", "red"), "22"], ["", "333"]]
    assert list(laid_out(rows, "<>", 40)) == [
        [("女女", ""), "  ", ("  1", "")],
        [("abc ", "red"), "  ", (" 22", "")],
        [("    ", ""), "  ", ("333", "")],
    ]


def test_a_table_fits_but_for_its_last_cell() -> None:
    stream = io.StringIO()
    Screen(stream, 30).table([["u" * 50, "v" * 50, "goes on " * 9], ["a", "b"]], "<<")
    assert stream.getvalue() == f"  {'u' * 12}…  {'v' * 12}…  {'goes on ' * 9}".rstrip() + f"\n  a{' ' * 14}b\n"


def test_a_pipe_has_a_width_of_its_own() -> None:
    assert Screen(io.StringIO()).width == PIPE_WIDTH == 120
    assert Screen(Terminal()).width == 80  # of a terminal that does not say


@pytest.mark.parametrize(
    ("text", "mark", "width", "shown"),
    [
        ("short", "", 40, "short"),
        ("a\nb", "b", 40, "a ⏎ »b«"),
        ("no such thing", "mark", 40, "no such thing"),
        ("x" * 100 + "MARK" + "y" * 100, "MARK", 40, "…xxxxxxxxxx»MARK«yyyyyyyyyyyyyyyyyyyyyyyy…"),
        ("long mark: " + "m" * 100, "m" * 100, 40, "…ong mark: »mmmmmmmmmmmmmmmmmmm…«"),
    ],
)
def test_a_text_is_shown_around_its_mark(text: str, mark: str, width: int, shown: str) -> None:
    parts = highlighted(text, mark, width)
    assert "".join(part if isinstance(part, str) else part[0] for part in parts) == shown


@given(st.text())
def test_json_is_ascii_without_controls_and_means_the_same(text: str) -> None:
    written = json_text({"text": text})
    assert written.isascii()
    assert "\x7f" not in written
    assert written.replace("\n", "").isprintable()
    assert json.loads(written) == {"text": text}


def test_json_holds_what_sql_gives() -> None:
    assert to_plain({1: [Decimal("1.50"), float("inf"), b"\x00\xff", None, True, 2**70, {"a": ("b",)}]}) == {
        "1": [1.5, None, "00ff", None, True, 2**70, {"a": ["b"]}]
    }


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-5", "'-5"),
        (-5, "-5"),
        ("＝1", "'＝1"),
        ("\t=1", r"\t=1"),
        ('a,"b"\nc', r'a,"b"\nc'),
        ({"a": [1, "é"]}, '{"a": [1, "é"]}'),
        (None, ""),
        (True, "True"),
    ],
)
def test_csv_is_a_line_a_row_and_no_formula(cell: object, written: str) -> None:
    text = to_csv(["x", "y"], [[cell, 1]])
    assert text.count("\n") == 2
    assert list(csv.reader(io.StringIO(text))) == [["x", "y"], [written, "1"]]
