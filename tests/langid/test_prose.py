"""A language is judged on prose: addresses, code and placeholder text are masked where they are much of a page."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.outside import SHARED
from c4pipe.langid.base import UND
from c4pipe.langid.consensus import Consensus
from c4pipe.langid.prose import prose_of
from tests import needs

TEXTS = Path(__file__).parent / "texts"
CHINESE, GERMAN, LATIN = ((TEXTS / f"{code}.txt").read_text("utf-8") for code in ("zh", "de", "la"))
LOREM = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore "
    "magna aliqua, ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo."
)
GENERATED = (
    "Pellentesque habitant morbi tristique senectus et netus et malesuada fames ac turpis egestas. Vestibulum tortor "
    "quam, feugiat vitae, ultricies eget, tempor sit amet, ante. Donec eu libero sit amet quam egestas semper."
)
URLS = "\n".join(
    f"[{n}]: https://opensource.example/sites/default/files/image-{n}.png?itok=RqVtvxkd" for n in range(40)
)
CODE = """
const videos = [
{
id: '1',
title: 'First video',
image: 'blue',
},
];
let videosCache = new Map();
export function fetchVideos() {
if (videosCache.has(0)) {
return videosCache.get(0);
}
const promise = new Promise((resolve) => {
setTimeout(() => {
resolve(videos);
}, VIDEO_DELAY);
});
#include <stdlib.h>
std::cout << "false_type == " << std::boolalpha << std::false_type::value << std::endl;
"""


@pytest.fixture(scope="module")
def consensus() -> Consensus:
    return Consensus()


def named(consensus: Consensus, text: str) -> str:
    guess = consensus.guess(text)
    return guess.language if guess else UND


@pytest.mark.parametrize("filler", [LOREM * 3, GENERATED * 3, URLS, CODE * 4, f"{URLS}\n{CODE * 2}\n{LOREM}"])
@pytest.mark.parametrize(("language", "prose"), [("zh", CHINESE[:400]), ("de", GERMAN[:600])])
def test_what_is_no_prose_decides_no_language(consensus: Consensus, language: str, prose: str, filler: str) -> None:
    assert named(consensus, f"{filler}\n{prose}\n{filler}") == language


@pytest.mark.parametrize("text", [LOREM, GENERATED, f"{LOREM}\n{GENERATED}\n{LOREM}", f"Home\n{LOREM}\nImpressum"])
def test_placeholder_text_is_not_latin(consensus: Consensus, text: str) -> None:
    assert named(consensus, text) == UND


def test_latin_is(consensus: Consensus) -> None:
    assert named(consensus, LATIN) == "la"
    assert named(consensus, f"{LATIN}\nVestibulum ipsum templi apertum est.") == "la"
    assert prose_of(LATIN) == LATIN


@needs.shared
def test_a_page_of_placeholders_with_a_sentence_above(consensus: Consensus) -> None:
    (line,) = (SHARED / "cases" / "lorem.jsonl").read_text().splitlines()
    assert named(consensus, json.loads(line)["text"]) in ("en", UND)


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("Write to anna@mail.example or ben.k+x@a.b.example today.", "Write to   or   today."),
        ("See https://a.example/x?y=1 and http://b.example/ now", "See   and   now"),
        ("在/opt/node-v8.1.1/bin目录中", "在 目录中"),
        ("文件https://a.example/x_y/z.html在这里", "文件 在这里"),
        (
            "Call my_function and run() or C:\\a\\b or ~/x or a/b/c, and/or wait.",
            "Call   and   or   or   or   and/or wait.",
        ),
        ("<p>Das ist <b>ein</b> Satz.</p>&nbsp;", " Das ist  ein  Satz.  "),
        ("a = [b['x'] for b in c if b != {}];", " "),
        ("中文 { color: #777; width: 300px; } 中文", "中文 中文"),
    ],
)
def test_what_is_masked(text: str, prose: str) -> None:
    filler = "港" * 250  # else there is too little left
    many = "\n".join([text] * 60)
    assert prose_of(f"{many}\n{filler}").split("\n")[0] == prose


@pytest.mark.parametrize(
    "text",
    [
        "A page with one address, https://a.example/, in five sentences. " + "This is one of them. " * 40,
        "Er zahlte 12 Euro; sie (seine Frau) zahlte 20 im Jahr 2012, als ...\n" * 20,
        "Prices: $5, $6, $7 & more. He said and/or she said.\n" * 20,
        "https://a.example/only/an/address and little else",
        "x = y;\n" * 30,  # nothing but code: judged as it stands
        "",
    ],
)
def test_what_is_little_or_all_there_is_stays(text: str) -> None:
    assert prose_of(text) == text


@given(st.text(st.characters(exclude_characters="{}=_<\\/@;", exclude_categories=["Cs"])))
def test_text_without_a_sign_stays(text: str) -> None:
    assert prose_of(text) == text  # "ipsum" and its like are not drawn


@given(st.text(st.sampled_from("ab1é中 \n{}()[]=_<>;\\/@:.&#'\"$,w"), max_size=300), st.integers(1, 40))
@example("\ud800_=<", 40)
def test_nothing_raises_and_nothing_is_added(text: str, times: int) -> None:
    text = text * times
    prose = prose_of(text)
    assert len(prose) <= len(text)
    assert prose.count("\n") <= text.count("\n")


@pytest.mark.parametrize(
    "piece", [*"a/_<@({=;\\ &", "()", "<a", "a@", "a_", "://", "; ", "www.", "ipsum ", "a/a", "中_"]
)
def test_time_is_linear(piece: str) -> None:
    text = piece * (190_000 // len(piece))
    started = time.process_time()
    prose_of(text)
    assert time.process_time() - started < 1.0  # a quadratic one takes minutes
