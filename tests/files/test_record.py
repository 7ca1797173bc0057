"""c4pipe.files.record: what a corpus keeps of the files that its parts read, and how they are found again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from c4pipe.errors import AssetError, ConfigError
from c4pipe.files import assets as files_assets
from c4pipe.files import record
from c4pipe.files.assets import Assets
from c4pipe.files.exclusion_lists import find_lists
from c4pipe.files.record import accounts, carried, check_given, files_of, places, recorded
from c4pipe.files.storage import LocalStore
from c4pipe.page import Page, Reason, Unit
from c4pipe.part import Part, loaded
from c4pipe.rules import BadWords, ListedDomain, ListedUrl, MinSentences, NotExcluded, PageRule, RobotsAllow
from c4pipe.text.punkt import PUNKT


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True)
class Taboo(PageRule):
    """Pages that hold a word of a list of one's own."""

    reason: ClassVar = Reason("taboo", Unit.PAGE, "holds a word of {file}", source="a test")
    file: str = ""

    def files(self, assets: Any) -> Iterable[str | Path]:
        return [self.file]

    def bind(self, assets: Any) -> Self:
        return loaded(self, words=assets.text(self.file).split())

    def offence(self, page: Page) -> str | None:
        return next((word for word in self._words if word in page.text), None)  # type: ignore[attr-defined]


class Desk:
    """A folder with lists, as a build would be given them, and one for the corpus."""

    def __init__(self, folder: Path):
        self.corpus, self.lists = folder / "c4", folder / "lists"
        self.put("words/en.txt", "drat\n\nblast\n")
        self.put("words/de.txt", "mist\n")
        self.put("domains.json", '{"a.example": true}')
        self.put("urls.txt", "http://a.example/\nhttp://b.example/\n")
        self.taboo = str(self.put("taboo.txt", "spam"))
        self.assets = Assets(self.lists / "words", self.lists / "domains.json", self.lists / "urls.txt")
        self.parts: tuple[Part, ...] = (BadWords(), ListedDomain(), ListedUrl(), Taboo(self.taboo))

    def put(self, name: str, text: str) -> Path:
        path = self.lists / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def kept(self) -> dict[str, Any]:
        """The manifest of a corpus that has kept the files."""
        found = accounts(self.parts, self.assets)
        lie = places(self.parts, self.assets)
        for file in found:
            if file["at"]:
                with LocalStore().write(f"{self.corpus}/{file['at']}") as stream:
                    stream.write(lie[file["sha256"]].read_bytes())
        return {"files": found}

    def again(self, manifest: dict[str, Any], *given: Path, here: Assets | None = None) -> tuple[Assets, list[str]]:
        return recorded(self.corpus, manifest, given, Assets() if here is None else here)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_each_file_is_told_with_its_sum_its_copy_and_its_readers(desk: Desk) -> None:
    body = b"drat\n\nblast\n"
    found = accounts(desk.parts, desk.assets)
    assert [(file["kind"], file["name"]) for file in found] == [
        ("badwords", "de.txt"),
        ("badwords", "en.txt"),
        ("news_domains", "domains.json"),
        ("own", desk.taboo),
        ("url_list", "urls.txt"),
    ]
    assert found[1] == {
        "kind": "badwords",
        "name": "en.txt",
        "origin": "given",
        "bytes": 12,
        "sha256": sha(body),
        "at": "lists/badwords/en.txt",
        "lines": 2,
        "read_by": ["BadWords"],
    }
    assert [file["at"] for file in found[2:]] == [
        "lists/news_domains.json",
        f"lists/own/{sha(b'spam')[:8]}-taboo.txt",
        "lists/url_list/urls.txt",
    ]
    assert [file["read_by"] for file in found[2:]] == [["ListedDomain"], ["Taboo"], ["ListedUrl"]]


def test_only_what_a_part_reads_is_told(desk: Desk) -> None:
    assert accounts((MinSentences(),), desk.assets) == []
    assert [file["kind"] for file in accounts((ListedDomain(),), desk.assets)] == ["news_domains"]


def test_a_file_of_two_readers_is_told_once(desk: Desk) -> None:
    (found,) = accounts((ListedDomain(), ListedDomain()), desk.assets)
    assert found["read_by"] == ["ListedDomain"]


def test_a_file_that_is_not_there_is_named(desk: Desk) -> None:
    with pytest.raises(AssetError, match=r"^gone\.txt does not exist"):
        accounts((Taboo("gone.txt"),), desk.assets)


def test_copies_beside_the_manifest_are_what_was_read(desk: Desk) -> None:
    manifest = desk.kept()
    kept = sorted(str(path.relative_to(desk.corpus)) for path in desk.corpus.rglob("*") if path.is_file())
    assert kept == sorted(file["at"] for file in manifest["files"])
    assert (desk.corpus / "lists/badwords/en.txt").read_bytes() == b"drat\n\nblast\n"
    shutil.rmtree(desk.lists)
    assets, missing = desk.again(manifest)
    assert missing == []
    assert assets.badwords() == {"en": {"drat", "blast"}, "de": {"mist"}}
    assert assets.news_domains() == {"a.example": True}
    assert len(assets.url_keys()) == 2
    assert Taboo(desk.taboo).bind(assets).offence(Page("", "much spam", "")) == "spam"


def test_lists_that_lie_here_do_not_join_those_of_the_build(desk: Desk) -> None:
    desk.parts = (BadWords(),)
    manifest = desk.kept()
    desk.put("words/fr.txt", "zut\n")
    desk.put("words/en.txt", "other\n")
    assets, missing = desk.again(manifest, here=desk.assets)
    assert (missing, assets.badwords()) == ([], {"en": {"drat", "blast"}, "de": {"mist"}})
    assert assets.news_domains() == {"a.example": True}  # of a kind that the build has not read: as here


def test_a_large_file_is_not_kept_and_is_found_where_it_lies_or_is_given(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "CARRIED", 20)
    desk.parts = (ListedUrl(),)
    manifest = desk.kept()
    assert manifest["files"][0] | {"sha256": ""} == {
        "kind": "url_list",
        "name": "urls.txt",
        "origin": "given",
        "bytes": 36,
        "sha256": "",
        "at": "",
        "read_by": ["ListedUrl"],
    }
    assert not desk.corpus.exists()
    assert desk.again(manifest, here=desk.assets)[1] == []
    assets, missing = desk.again(manifest)
    total = manifest["files"][0]["sha256"]
    assert missing == [f"url_list: urls.txt (sha256 {total[:12]}…) differs from the build's"]
    with pytest.raises(ConfigError, match="--url-list FILE"):
        ListedUrl().bind(assets)
    moved = shutil.copy(desk.lists / "urls.txt", tmp_path / "moved.txt")
    assets, missing = desk.again(manifest, Path(moved))
    assert (missing, len(assets.url_keys())) == ([], 2)


def test_a_changed_copy_is_not_taken_for_what_was_read(desk: Desk) -> None:
    manifest = desk.kept()
    (desk.corpus / "lists/badwords/en.txt").write_text("else\n")
    (desk.corpus / manifest["files"][3]["at"]).unlink()
    Path(desk.taboo).write_text("ham")
    assets, missing = desk.again(manifest)
    assert [line.partition(" (")[0] for line in missing] == ["badwords: en.txt", f"own: {desk.taboo}"]
    with pytest.raises(AssetError, match="no word lists"):  # not those that are left
        assets.badwords()
    with pytest.raises(AssetError, match=r"taboo\.txt does not exist"):
        Taboo(desk.taboo).bind(assets)
    assert assets.news_domains() == {"a.example": True}


@pytest.mark.parametrize("large", [False, True])
def test_lists_of_what_is_kept_out_are_judged_with_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    if large:
        monkeypatch.setattr("c4pipe.files.record.CARRIED", 0)
    desk.put("adult/urls", "a.example/x\n")
    desk.put("plain.txt", "b.example\n")
    robots = desk.put("CCBot.jsonl", '{"robots": 1, "agent": "CCBot"}\n{"of": ["http://c.example"], "status": 500}\n')
    lists = find_lists([str(desk.lists / "adult"), str(desk.lists / "plain.txt")])
    desk.assets = Assets(exclude=tuple(lists), robots=robots)
    desk.parts = (NotExcluded(), RobotsAllow())
    manifest = desk.kept()
    assert [(file["kind"], file["name"]) for file in manifest["files"]] == [
        *(("exclude", "adult/urls"), ("exclude", "plain.txt"), ("robots", "CCBot.jsonl"))
    ]
    given = [shutil.move(path, tmp_path / f"{n}") for n, path in enumerate((*(one.path for one in lists), robots))]
    assets, missing = desk.again(manifest, *(map(Path, given) if large else ()))
    assert missing == []
    pages = [Page(f"http://{url}", "", "") for url in ("a.example/x/y", "b.example", "c.example", "d.example")]
    assert [NotExcluded().bind(assets).offence(page) for page in pages] == [
        *("a.example/x/* (adult/urls)", "b.example (plain.txt)", None, None)
    ]
    assert [RobotsAllow().bind(assets).offence(page) is None for page in pages] == [True, True, False, True]
    Path(given[1]).unlink()
    shutil.rmtree(desk.corpus, ignore_errors=True)
    assets, missing = desk.again(manifest)
    assert [line.partition(" (")[0] for line in missing] == [
        *("exclude: adult/urls", "exclude: plain.txt", "robots: CCBot.jsonl")
    ]
    for rule in desk.parts:
        with pytest.raises(ConfigError, match=r"no list was given|none were given"):  # not by the lists that are left
            rule.bind(assets)


def test_workers_elsewhere_get_lists_of_what_is_kept_out(desk: Desk) -> None:
    path = desk.put("adult/domains", "a.example\nnot one\n")
    desk.assets = Assets(exclude=tuple(find_lists([str(path)])))
    assert accounts([NotExcluded()], desk.assets)[0]["note"] == "1 of 2 entries are skipped, such as line 2: 'not one'"
    there = carried([NotExcluded()], desk.assets)
    path.unlink()
    page = Page("http://x.a.example/", "", "")
    assert NotExcluded().bind(there).offence(page) == "a.example (adult/domains)"


def test_a_given_file_that_nobody_read_is_refused(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("else\n")
    with pytest.raises(ConfigError, match=r"other\.txt is not one of the files that the corpus was built with"):
        check_given(desk.kept(), [other])


def test_workers_elsewhere_get_small_files_with_their_orders(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_assets, "CARRIED", 20)
    assets = carried(desk.parts, desk.assets)
    shutil.rmtree(desk.lists)
    assert assets.badwords() == {"en": {"drat", "blast"}, "de": {"mist"}}
    assert assets.news_domains() == {"a.example": True}
    assert Taboo(desk.taboo).bind(assets).offence(Page("", "spam", "")) == "spam"
    with pytest.raises(AssetError, match=r"urls\.txt does not exist"):  # larger
        assets.url_keys()


OLDER = {
    "badwords": [{"name": "en.txt", "origin": "given", "entries": 2, "sha256": sha(b"drat\n\nblast\n")}],
    "url_list": {"name": "urls.txt", "origin": "given", "entries": 2, "sha256": sha(b"http://c.example/\n")},
}


def test_an_older_manifest_tells_of_its_files_as_far_as_it_goes(desk: Desk) -> None:
    words, urls = files_of({"assets": OLDER})
    assert (words["kind"], words["name"], words["lines"], words["at"]) == ("badwords", "en.txt", 2, "")
    assert (urls["kind"], urls["name"], urls["origin"]) == ("url_list", "urls.txt", "given")
    assert files_of({}) == []
    assets, missing = desk.again({"assets": OLDER}, here=desk.assets)
    assert assets.badwords() == {"en": {"drat", "blast"}}
    assert [line.partition(" (")[0] for line in missing] == ["url_list: urls.txt"]


def test_punkts_parameters_are_kept_and_read_from_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, punkt: Path
) -> None:
    desk.assets = Assets(punkt=punkt / PUNKT)
    desk.parts = (MinSentences(2, splitter="punkt:english"),)
    manifest = desk.kept()
    assert [(file["kind"], file["name"]) for file in manifest["files"]] == [
        ("punkt", "abbrev_types.txt"),
        ("punkt", "collocations.tab"),
        ("punkt", "ortho_context.tab"),
        ("punkt", "sent_starters.txt"),
    ]
    monkeypatch.setenv("NLTK_DATA", str(desk.lists))  # where there is none
    monkeypatch.setattr("nltk.data.path", [])
    assets, missing = desk.again(manifest)
    assert (missing, assets.punkt) == ([], desk.corpus / "lists/english")
    assert desk.parts[0].bind(assets).offence(Page("", "Dr. No is in.", "")) == "1 sentences"
    (desk.corpus / "lists/english/abbrev_types.txt").unlink()
    assert desk.again(manifest)[1][0].startswith("punkt: abbrev_types.txt (sha256 ")
