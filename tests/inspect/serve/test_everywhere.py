"""One page in every preset: what builds have recorded of it beside what their rules say now."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.plan import Plan
from c4pipe.dedup import UrlLevel
from c4pipe.errors import AssetError
from c4pipe.facts.corpus import open_corpus
from c4pipe.files.assets import Assets
from c4pipe.inspect.explain import explain
from c4pipe.inspect.serve import everywhere, judging, make_app
from c4pipe.inspect.serve.viewing import judged
from c4pipe.page import Page
from c4pipe.presets import EN_2019, PRESETS
from c4pipe.rules import StripAddresses
from c4pipe.stages import Clean, Dedup, Preset, Read
from tests.inspect import tiny

URL = "http://harbour.example/news"
RAW = (
    "Home\nThe harbour was built in 1898, and its crane still works every morning.\n"
    "Visitors may see it on Sundays between ten and four.\nA third sentence closes the page with a full stop."
)
KEPT = RAW.removeprefix("Home\n")
POST = {"origin": "http://127.0.0.1:8000"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three corpora of one reading, one of another, and one that is damaged."""
    page = Page(URL, KEPT, "2024-05-22T10:11:12Z", "a.wet.gz#1", language="en")
    raw = tiny.lost(
        URL, "", "kept", RAW, source="a.wet.gz#1", dropped=[{"reason": "few_words", "line": "Home", "owner": ""}]
    )
    tiny.write(tmp_path / "en", [page], [raw])
    lost = tiny.lost(URL, "clean", "few_sentences", RAW, detail="3 sentences")
    tiny.write(tmp_path / "older", [], [lost], preset=describe(EN_2019))
    tiny.write(tmp_path / "sampled", [], [], settings={"rejected": "sample"}, preset=describe(PRESETS["gopher"]))
    tiny.write(tmp_path / "elsewhere", [page], inputs=[{"path": "b.wet.gz", "bytes": 1}])
    tiny.write(tmp_path / "torn", [page])
    (tmp_path / "torn/en/train-00000-of-00001.parquet").unlink()
    return tmp_path


def asked(folder: Path) -> TestClient:
    return TestClient(make_app(open_corpus(folder / "en")), base_url="http://127.0.0.1:8000")


def rows(body: str) -> list[list[str]]:
    """The table, a row a preset."""
    table = body[body.index("<tbody>") :] if "<tbody>" in body else ""
    found = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found)
    return [[" ".join(html.unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in row] for row in cells]


def test_a_url_in_all_corpora_of_the_folder(folder: Path) -> None:
    body = asked(folder).get("/why/presets", params={"url": URL}).text
    assert rows(body) == [
        [
            "en",
            f"kept en, {len(KEPT)} characters",
            f"kept {len(KEPT)} of {len(RAW)} characters; 1 line cut: no_end_mark; not judged: repeated_span "
            "line by line by en",
        ],
        [
            "en.2019 older",
            "rejected at clean : few_sentences 3 sentences",
            "rejected at clean : few_sentences , it has fewer than 5 sentences 3 sentences line by line by en.2019",
        ],
        [
            "gopher sampled",
            "neither kept nor in the table of rejected pages, which is incomplete",
            "rejected at quality : gopher_few_words , it has fewer than 50 words, not counting marks 34 words "
            "line by line by gopher",
        ],
    ]
    assert "elsewhere" not in body
    assert "few_sentences" in asked(folder).get("/why", params={"url": URL, "preset": "en.2019"}).text
    assert "Left out: " in body
    assert "train-00000-of-00001.parquet is missing" in body


def test_a_text_is_judged_by_all_of_them_and_by_the_others(folder: Path) -> None:
    client = asked(folder)
    found = rows(client.post("/why/presets", data={"text": RAW, "url": ""}, headers=POST).text)
    assert [row[0] for row in found] == ["en", "en.2019 older", "gopher sampled"]
    assert found[0][1].startswith("kept ")
    every = rows(client.post("/why/presets?all=1", data={"text": RAW, "url": ""}, headers=POST).text)
    assert every[:3] == found
    assert {row[0].split()[0] for row in every} == set(PRESETS)
    assert all(row[-1] for row in every)


def test_a_text_that_corpora_have_is_known_again(folder: Path) -> None:
    client = asked(folder)
    body = client.post("/why/presets", data={"text": f"{RAW}\n", "url": ""}, headers=POST).text
    assert f"Exactly this text is that of <bdi>{URL}</bdi>" in body
    assert [row[1][:40] for row in rows(body)] == [
        f"kept en, {len(KEPT)} characters",
        "rejected at clean : few_sentences 3 sent",
        "no page in it, kept or rejected, has exa",
    ]
    other = client.post("/why/presets", data={"text": f"Not here. {RAW}", "url": ""}, headers=POST).text
    assert "no page in it, kept or rejected, has exactly this text" in other
    assert "may be samples" in other
    assert all(len(row) == 2 for row in rows(other))


def test_what_a_preset_lacks_is_told_so_that_a_viewer_can_follow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unfetched(*_: object) -> None:
        raise AssetError("there are no bad-word lists. Run `make assets`, or name a folder.")

    client = asked(folder)
    found = client.post("/why/presets?all=1", data={"text": RAW, "url": ""}, headers=POST).text
    (listed,) = [row[-1] for row in rows(found) if row[0].startswith("webtextlike")]
    assert (
        "--url-list FILE. That is an option of builds: open a corpus that was built with preset webtextlike" in listed
    )
    body = client.post("/why", data={"text": RAW, "url": "", "preset": "webtextlike"}, headers=POST)
    assert (body.status_code, RAW in html.unescape(body.text)) == (200, True)
    assert "That is an option of builds" in body.text
    monkeypatch.setattr(judging, "plan_of", unfetched)
    found = client.post("/why/presets?all=1", data={"text": RAW, "url": ""}, headers=POST).text
    lacking = [row[-1] for row in rows(found) if "make assets" in row[-1]]
    assert lacking
    assert all(f"Do that in a terminal, in {Path.cwd()}, where this viewer runs" in words for words in lacking)


def test_an_edit_is_told_by_what_it_does() -> None:
    text = "See https://harbour.com/1 for the crane.\nSee https://harbour.com/2 too.\nNothing here."
    stages = (Read(), Dedup("url", UrlLevel()), Clean("addresses", (StripAddresses(),)))
    plan = Plan(Preset("edits", "edits", stages), Assets())
    said = everywhere.cut_words(judged(explain(Page("http://a.example/", text, ""), plan)))
    assert said == "2 lines cut: an edit (each line loses the web addresses in it, by name or by number)"


def test_an_address_that_nobody_has(folder: Path) -> None:
    body = asked(folder).get("/why/presets", params={"url": "http://nobody.example/<b>"}).text
    assert "No corpus here has a page of" in body
    assert "<b>" not in body
    assert rows(body) == []


def test_it_is_found_from_the_box(folder: Path) -> None:
    assert 'href="/why/presets?url=http%3A%2F%2Fx.example"' in asked(folder).get("/why?url=http://x.example").text
    assert asked(folder).get("/why/presets").status_code == 200


def test_no_more_than_so_many_are_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everywhere, "MOST_MEMBERS", 2)
    body = asked(folder).get("/why/presets", params={"url": URL}).text
    assert len(rows(body)) == 2
    assert "the first 2 are searched" in body


def test_others_do_not_send_forms(folder: Path) -> None:
    assert asked(folder).post("/why/presets", data={"text": RAW}).status_code == 403


def test_a_mixture_has_no_preset(folder: Path) -> None:
    tiny.write(folder / "mixed" / "c4", [Page(URL, KEPT, "2024", "a#1", language="en")], mixture={"en": {}})
    app = make_app(open_corpus(folder / "mixed/c4"))
    found = rows(TestClient(app, base_url="http://127.0.0.1:8000").get("/why/presets", params={"url": URL}).text)
    assert found[0][0].startswith("(none)")
    assert "it is a mixture of corpora" in found[0][2]
