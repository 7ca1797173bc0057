"""Test texts by domains, and pages by their hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.compare.overlaps import SHARED_RUN, SharedRuns
from c4pipe.compare.reading import CorpusPage
from c4pipe.compare.texts import LONG_TEXT, ChosenTexts, TextDomain, passages, read_domains
from c4pipe.errors import ConfigError

LINE = "One line of a longer text.\n"


def names(*words: str) -> list[tuple[str, int]]:
    return [(domain.name, len(domain.documents)) for domain in read_domains(words)]


def test_files_and_folders_are_domains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("texts/news/1.txt", "texts/news/deep/2.txt", "texts/short.txt", "texts/notes.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(f"{name} says little.")
    Path("texts/long.txt").write_text(LINE * 2_000)
    Path("rows.jsonl").write_text('{"text": "A row."}\n{"text": "Another row."}\n{"no": 1}\n')
    Path("a=b.txt").write_text("A name with a sign.")
    assert names("texts") == [("texts", 2), ("texts/news", 2), ("texts/long", 27)]
    assert names("all=texts/news", "rows.jsonl", "a=b.txt") == [
        ("all", 1),
        ("all/deep", 1),
        ("rows", 2),
        ("a=b", 1),
    ]
    assert names("texts/news/1.txt") == [("1", 1)]


@pytest.mark.parametrize("word", ["nowhere", "x=nowhere", "="])
def test_a_path_that_is_not_there(word: str) -> None:
    with pytest.raises(ConfigError, match=f"--on {word}: "):
        read_domains([word])


@given(st.lists(st.sampled_from(["a", " ", "\n", "語" * 500, "word" * 700, "some words "]), max_size=60))
def test_passages_lose_no_word_and_are_short(pieces: list[str]) -> None:
    text = "".join(pieces)
    parts = [*passages(text)]
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part) <= LONG_TEXT for part in parts)


def test_what_is_chosen_does_not_hang_on_the_order() -> None:
    texts = [f"{number} " * 30_000 for number in range(40)]
    chosen = []
    for order in (texts, texts[::-1]):
        one = ChosenTexts()
        for text in order:
            one.add(text)
        chosen.append(one.domain("d"))
    assert chosen[0] == chosen[1]
    assert 1 <= len(chosen[0].documents) < 40 == chosen[0].of


def test_thirteen_words_in_a_row_are_an_overlap() -> None:
    words = [f"word{number}" for number in range(40)]
    domain = TextDomain("d", [" ".join(words[:20]), " ".join(words[20:]), "two words"], 3)
    for run, left in ((SHARED_RUN - 1, 3), (SHARED_RUN, 2)):
        shared = SharedRuns([domain])
        shared.see(f"Other text: {', '.join(words[3 : 3 + run]).upper()}; and other text.")
        shared.see("")
        assert len(shared.left()[0].documents) == left


def test_pages_of_a_host_are_held_out_together() -> None:
    pages = [CorpusPage(f"text {n}", f"http://{host}.example/{n}") for host in range(200) for n in range(3)]
    held = {page.host for page in pages if page.is_held_out(by_host=True)}
    assert 3 <= len(held) <= 30
    assert all(page.is_held_out(by_host=True) for page in pages if page.host in held)
    assert CorpusPage("t", "http://1.example/", split="validation").is_held_out(by_host=False)
    assert not any(page.is_held_out(by_host=False) for page in pages)
