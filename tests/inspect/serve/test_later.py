"""Answers that take long: what is said meanwhile, and that numbers so far are bounds that become the whole."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve import tally
from c4pipe.inspect.serve.app import make_app
from c4pipe.inspect.serve.counting import count_on, count_pages
from c4pipe.inspect.serve.later import AnswerStillMadeError, LaterAnswers
from c4pipe.inspect.serve.selection import Selection, known
from tests.inspect.serve.conftest import cursor

ASKED = [Selection(q="the"), Selection(outcome="rejected", q="e"), Selection(lost="few_words"), Selection(config="en")]


@pytest.mark.parametrize("selection", ASKED, ids=Selection.query)
def test_counts_so_far_grow_to_what_one_pass_counts(
    samples: Corpus, selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "PIECE_BYTES", 2_000)
    monkeypatch.setattr(tally, "_LIGHT", 1)
    db, has = cursor(samples), known(samples)
    counting, before, asked = tally.SelectionTally(samples, selection, has), 0, 0
    while not (counts := count_on(db, counting, 1e-9)).whole:
        assert before <= counts.total
        before, asked = counts.total, asked + 1
    monkeypatch.undo()
    assert counts == count_pages(db, samples, selection, has)
    assert asked > 5


def test_a_count_says_how_far_it_is(samples: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c4pipe.inspect.serve.lists.COUNT_STEP", 1e-9)
    monkeypatch.setattr(tally, "PIECE_BYTES", 2_000)
    with TestClient(make_app(samples), "http://127.0.0.1") as client:
        first = client.get("/?q=the&counts=now").text
        assert '<h1 id="total">at least 0 pages</h1>' in first
        assert "Counted so far: 0 of " in first
        for _ in range(2_000):
            if "data-on" not in (page := client.get("/counts?q=the").text):
                break
        assert "at least" not in page.partition("</p>")[0]
        assert "Counted so far" not in page


def test_an_answer_is_made_once_and_its_error_told_once() -> None:
    go, made = threading.Event(), list[int]()

    def work() -> int:
        go.wait(10)
        made.append(len(made))
        if len(made) == 1:
            raise ValueError("the first one")
        return len(made)

    async def asks(answers: LaterAnswers) -> None:
        with pytest.raises(AnswerStillMadeError, match="adding up"):
            await answers.answer("x", "adding up", work, 0.01)
        go.set()
        with pytest.raises(ValueError, match="the first one"):
            await answers.answer("x", "", work, 10)
        assert [await answers.answer("x", "", work, 10) for _ in range(2)] == [2, 2]

    with ThreadPoolExecutor(1) as own:  # a thread where no loop runs, as that of a browser may here
        own.submit(asyncio.run, asks(LaterAnswers())).result()


def test_a_view_says_that_it_is_made_and_losses_show_what_the_build_counted(
    samples: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("c4pipe.inspect.serve.later.PATIENT_SECONDS", 0.0)

    def later(address: str, client: TestClient, holds: Callable[[str], bool]) -> str:
        for _ in range(1_000):
            if not holds(page := client.get(address).text):
                return page
        raise AssertionError(address)

    with TestClient(make_app(samples), "http://127.0.0.1") as client:
        waiting = client.get("/repeated")
        assert (waiting.status_code, "<h1>Being counted</h1>" in waiting.text) == (202, True)
        assert "Being counted" not in later("/repeated", client, lambda page: "data-again" in page)
        first = client.get("/losses").text
        assert "drops most text" in first
        assert "is being read, once" in first
        assert "drops most text" in later("/losses", client, lambda page: "data-again" in page)
