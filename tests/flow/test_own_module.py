"""Rules, stages, levels and identifiers in a user's module, edited and built again: every change is noticed."""

import importlib
import json
import os
import sys

import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4
from c4pipe.inspect.__main__ import main as inspect
from tests.wetfiles import ROOT, WebPage, digests, manifest_of, rejected, rows, sentence, story, wet

MODULE = '''
from dataclasses import dataclass
from typing import ClassVar

from c4pipe.dedup import LineLevel, TextLevel
from c4pipe.langid import Guess
from c4pipe.page import Kept, Reason, Rejected, Unit
from c4pipe.presets import EN, c4_lines
from c4pipe.rules import LineRule, MinSentences, PageRule
from c4pipe.stages import Clean, Dedup, Filter, Identify, PageStage
from c4pipe.text import hash64

import own_helper

MARK = "gulls"


@dataclass(frozen=True)
class NoMark(LineRule):
    """Lines without a word."""

    reason: ClassVar = Reason("mark", Unit.LINE, "has the word", source="a test")

    def breaks(self, line):
        return MARK in line


@dataclass(frozen=True)
class Helped(PageRule):
    """Judges by a module beside this one."""

    reason: ClassVar = Reason("helped", Unit.PAGE, "is not helped", source="a test")

    def offence(self, page):
        return own_helper.offence(page.text)


@dataclass(frozen=True)
class Listed(PageStage):
    """Pages with a listed word."""

    words: str
    name: str = "listed"
    columns: ClassVar = {"listed": "int32"}
    reasons: ClassVar = (Reason("unlisted", Unit.PAGE, "has no listed word", source="a test"),)
    edits: ClassVar = False

    def files(self, assets):
        return [self.words]

    def bind(self, assets):
        words = assets.text(self.words).split()

        def step(page):
            found = sum(word in page.text for word in words)
            return Kept(page.adding(listed=found)) if found else Rejected(page, self.reasons[0], words[0])

        return step


@dataclass(frozen=True)
class Noted(PageStage):
    """Columns named like what a build notes of a page."""

    name: str = "noted"
    columns: ClassVar = {"domain": "string", "bin": "string", "trail": "string", "key": "string", "place": "string"}
    edits: ClassVar = False

    def bind(self, assets):
        return lambda page: Kept(page.adding(**{name: page.url for name in self.columns}))


@dataclass(frozen=True)
class Whole(TextLevel):
    """Of pages that begin alike one stays."""

    chars: int = 30
    reasons: ClassVar = (Reason("begins_alike", Unit.PAGE, "begins as another page", source="a test"),)

    def atoms(self, text):
        return [hash64(text[: self.chars])]

    def apply(self, page, lost, dropped=None, owners=(), starts=()):
        return Rejected(page, self.reasons[0]) if any(lost) else Kept(page)


class Tongue:
    """Calls a page German that says so."""

    name = "tongue"
    languages = ("de", "en")
    min_score = 0.5

    def guess(self, text):
        return Guess("de" if "Leuchtturm" in text else "en", 1.0)


LINES = EN.named("lines", "").on(Clean("clean", (*c4_lines(), NoMark()), then=(MinSentences(3),)))
BEHIND = EN.named("behind", "").after("language", Filter("helped", (Helped(),)))
LISTED = EN.named("listed", "").after("clean", Listed("WORDS"))
LEVELS = EN.named("levels", "").after("clean", Dedup("lines", LineLevel())).after("spans", Dedup("whole", Whole()))
NOTED = EN.named("noted", "").after("clean", Dedup("lines", LineLevel())).after("clean", Noted())
TONGUE = EN.named("tongue", "").on(Identify("language", "own_rules:Tongue", ("en",), 0.5))
'''
HELPER = "def offence(text):\n    return 'barrels' if 'barrels' in text else None\n"
EDITS = {  # preset -> what is edited of which file, and whether that is in front of the last dedup
    "LINES": ("own_rules.py", 'MARK = "gulls"', 'MARK = "lanterns"', True),
    "BEHIND": ("own_helper.py", "'barrels' in text", "'windows' in text", False),
    "LISTED": ("words.txt", "ships", "apples", True),
    "LEVELS": ("own_rules.py", "chars: int = 30", "chars: int = 31", True),
    "TONGUE": ("own_rules.py", '"Leuchtturm" in text', '"letters" in text', False),
}


class Desk:
    """A folder with a user's module, and builds with what is in it now."""

    def __init__(self, folder, badwords):
        self.folder, self.badwords = folder, badwords
        (folder / "own_rules.py").write_text(MODULE.replace('"WORDS"', f'"{folder / "words.txt"}"'))
        (folder / "own_helper.py").write_text(HELPER)
        (folder / "words.txt").write_text("ships\nHarbour\n")
        pages = [WebPage(f"http://own.example/{i}", story(1000 + 10 * i, 6)) for i in range(40)]
        pages += [
            WebPage(f"http://own.example/like/{i}", f"{sentence(1)} {i}.\n{story(2000 + 10 * i)}") for i in range(4)
        ]
        (folder / "wet").mkdir()
        (folder / "wet" / "own.warc.wet.gz").write_bytes(wet(pages))

    def edit(self, name, old, new):
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))
        # Python tells an edit by seconds and size: one as long within the second would leave the old bytecode in use.
        later = (self.folder / name).stat().st_mtime + 2
        os.utime(self.folder / name, (later, later))

    def build(self, preset, name, *options):
        for module in ("own_rules", "own_helper"):
            sys.modules.pop(module, None)
        importlib.invalidate_caches()
        arguments = ["--input", str(self.folder / "wet"), "--output", str(self.folder / name), "--workers", "1"]
        preset = preset if preset.islower() else f"own_rules:{preset}"
        return build_c4.main([*arguments, "--preset", preset, "--badwords-dir", str(self.badwords), *options])


@pytest.fixture
def desk(tmp_path, badwords, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    return Desk(tmp_path, badwords)


def kept(folder):
    return {row["url"]: row["text"] for row in rows(folder)}


@pytest.mark.parametrize("preset", EDITS)
def test_an_edit_is_seen_whatever_was_staged_or_built_before(desk, preset, capsys):
    file, old, new, early = EDITS[preset]
    staging = ("--staging", str(desk.folder / "staging"))
    assert desk.build(preset, "before", *staging) == 0
    desk.edit(file, old, new)
    assert desk.build(preset, "after", *staging) == 0
    assert desk.build(preset, "fresh") == 0
    assert digests(desk.folder / "after") == digests(desk.folder / "fresh")
    assert preset in ("LEVELS",) or kept(desk.folder / "after") != kept(desk.folder / "before")
    prefixes = len(list(desk.folder.glob("staging/.staging-*/prefix-*")))
    legs = 3 if preset == "LEVELS" else 1
    assert prefixes == legs + early  # what the edit does not touch is used again
    capsys.readouterr()
    assert desk.build(preset, "before") == 2
    said = capsys.readouterr().err
    told = {"LINES": "rule NoMark", "BEHIND": "module own_helper", "LISTED": "words.txt", "TONGUE": "module own_rules"}
    assert told.get(preset, "level Whole") in said or "module own_rules" in said
    assert "--overwrite" in said


def test_comments_and_docstrings_count_for_nothing(desk, capsys):
    assert desk.build("LINES", "c4") == 0
    desk.edit(
        "own_rules.py", '"""Lines without a word."""', '"""Lines that have no such word."""  # of which there are'
    )
    desk.edit("own_rules.py", "        return MARK in line", "        # the word\n\n        return MARK in line")
    assert desk.build("LINES", "c4") == 0
    assert "it was already built" in capsys.readouterr().out


def test_everything_that_ours_get_comes_by_itself(desk, capsys):
    assert desk.build("LISTED", "c4") == 0
    desk.edit("words.txt", "ships\nHarbour", "nothing")
    assert desk.build("LISTED", "none", "--rejected", "all") == 4  # no page has "nothing" in it
    manifest, lost = manifest_of(desk.folder / "c4"), rejected(desk.folder / "none")
    stage = next(row for row in manifest["preset"]["stages"] if row["stage"] == "listed")
    assert (stage["class"], stage["columns"]) == ("own_rules:Listed", {"listed": "int32"})
    assert {"name": "listed", "type": "int32", "from": "listed"} in manifest["columns"]
    (file,) = (file for file in manifest["files"] if file["kind"] == "own")
    assert (file["read_by"], file["bytes"]) == (["Listed"], 14)
    assert (desk.folder / "c4" / file["at"]).read_text() == "ships\nHarbour\n"
    assert pq.read_schema(next(desk.folder.glob("c4/*/train-*"))).field("listed").type == "int32"
    assert "- name: listed\n    dtype: int32" in (desk.folder / "c4/README.md").read_text()
    assert {row["detail"] for row in lost if row["reason"] == "unlisted"} == {"nothing"}
    ledger = {row["stage"]: row for row in manifest_of(desk.folder / "none")["ledger"]["stages"]}
    assert ledger["listed"]["rejected"] == {"unlisted": sum(row["reason"] == "unlisted" for row in lost)}
    capsys.readouterr()
    assert inspect([str(desk.folder / "none"), "--reason", "unlisted", "--sample", "1"]) == 0
    assert "listed: a page that has no listed word" in capsys.readouterr().out
    assert inspect([str(desk.folder / "none"), "--html", str(desk.folder / "report.html")]) == 0
    assert "has no listed word" in (desk.folder / "report.html").read_text()


def test_a_column_may_be_named_as_a_build_names_its_notes(desk):
    """Staged for two dedups of text, then finished."""
    assert desk.build("NOTED", "c4") == 0
    table = pq.read_table(next(desk.folder.glob("c4/*/train-*")), partitioning=None)
    assert table.num_rows
    for name in ("domain", "bin", "trail", "key", "place"):
        assert table[name].to_pylist() == table["url"].to_pylist()


def test_a_page_is_judged_again_with_the_files_that_it_was_judged_with(desk, capsys):
    assert desk.build("LISTED", "c4", "--rejected", "all") == 0
    url = next(iter(kept(desk.folder / "c4")))
    (desk.folder / "words.txt").write_text("nothing at all\n")
    sys.modules.pop("own_rules", None)  # as in another process: the manifest says what to import
    capsys.readouterr()
    assert inspect([str(desk.folder / "c4"), "--url", url, "--json"]) == 0
    (page,) = json.loads(capsys.readouterr().out)["pages"]
    listed = next(rule for rule in page["tried"] if rule["code"] == "unlisted")
    assert (listed["outcome"], listed["detail"][:6], page["now"]) == ("passed", "listed", None)


def test_where_judging_again_is_not_possible_a_line_says_what_is_missing(desk, capsys, monkeypatch):
    monkeypatch.setattr("c4pipe.files.record.CARRIED", 4)
    assert desk.build("LISTED", "c4", "--rejected", "all") == 0
    url = next(iter(kept(desk.folder / "c4")))
    (desk.folder / "words.txt").rename(desk.folder / "elsewhere.txt")
    capsys.readouterr()
    assert inspect([str(desk.folder / "c4"), "--url", url, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "words.txt" in found["note"]
    assert "--file" in found["note"]
    assert found["pages"][0]["tried"] == []
    given = [arg for name in ("elsewhere.txt",) for arg in ("--file", str(desk.folder / name))]
    given += [arg for path in sorted(desk.badwords.glob("*.txt")) for arg in ("--file", str(path))]
    assert inspect([str(desk.folder / "c4"), "--url", url, "--json", *given]) == 0
    assert json.loads(capsys.readouterr().out)["pages"][0]["tried"] != []
    (desk.folder / "elsewhere.txt").write_text("others")
    assert inspect([str(desk.folder / "c4"), "--url", url, *given]) == 2
    assert "is not one of the files" in capsys.readouterr().err


def test_a_file_that_a_stage_opens_without_a_word_counts_as_well(desk, capsys):
    words = desk.folder / "words.txt"
    desk.edit("own_rules.py", "        return [self.words]", "        return []")
    desk.edit("own_rules.py", "assets.text(self.words)", "open(self.words).read()")
    staging = ("--staging", str(desk.folder / "staging"))
    assert desk.build("LISTED", "c4", "--rejected", "all", *staging) == 0
    (file,) = (file for file in manifest_of(desk.folder / "c4")["files"] if file["kind"] == "own")
    assert (file["name"], file["named"]) == (str(words), False)
    url = next(iter(kept(desk.folder / "c4")))
    words.write_text("apples\n")
    assert desk.build("LISTED", "c4") == 2
    assert desk.build("LISTED", "again", *staging) == 0
    assert desk.build("LISTED", "fresh") == 0
    assert kept(desk.folder / "again") == kept(desk.folder / "fresh") != kept(desk.folder / "c4")
    capsys.readouterr()
    assert inspect([str(desk.folder / "c4"), "--url", url, "--json"]) == 0
    assert "words.txt" in json.loads(capsys.readouterr().out)["note"]  # and is not judged with other words


def test_a_file_that_a_module_reads_when_it_is_imported_counts_as_well(desk, capsys):
    words = desk.folder / "words.txt"
    desk.edit("own_rules.py", 'MARK = "gulls"', f'MARK = open("{words}").read().split()[0]')
    assert desk.build("LINES", "c4") == 0
    words.write_text("apples\n")
    capsys.readouterr()
    assert desk.build("LINES", "c4") == 2
    assert "words.txt" in capsys.readouterr().err


def test_files_of_the_users_own_in_the_folder_of_a_corpus_are_refused_and_stay(desk, capsys):
    (desk.folder / "c4/lists").mkdir(parents=True)
    notes = desk.folder / "c4/lists/my_notes.txt"
    notes.write_text("mine")
    assert desk.build("en", "c4") == 2
    assert desk.build("en", "c4", "--overwrite") == 2
    assert (notes.read_text(), "my_notes.txt" in capsys.readouterr().err) == ("mine", True)


def test_a_large_list_inside_the_folder_that_is_built_anew_is_refused(desk, monkeypatch):
    monkeypatch.setattr("c4pipe.files.record.CARRIED", 4)
    inside = desk.folder / "c4/lists/own/words.txt"
    inside.parent.mkdir(parents=True)
    inside.write_text("ships\n")
    desk.edit("own_rules.py", str(desk.folder / "words.txt"), str(inside))
    assert desk.build("LISTED", "c4") != 0
    assert inside.read_text() == "ships\n"


def test_the_folder_that_a_preset_names_is_part_of_what_it_is(desk, capsys):
    assert desk.build("LINES", "c4") == 0
    desk.edit(
        "own_rules.py",
        'LINES = EN.named("lines", "")',
        'from dataclasses import replace\nLINES = replace(EN, name="lines", says="", own="lines")',
    )
    desk.edit("own_rules.py", 'own="lines").on(', 'own="lines").on(')
    capsys.readouterr()
    assert desk.build("LINES", "c4") == 2


def test_an_edited_rule_is_named_and_what_to_do(desk, capsys):
    assert desk.build("LINES", "c4") == 0
    desk.edit("own_rules.py", "return MARK in line", "return MARK in line.lower()")
    capsys.readouterr()
    assert desk.build("LINES", "c4") == 2
    assert capsys.readouterr().err.replace(str(desk.folder), "") == (
        "build_c4: --output /c4 holds a corpus of preset 'lines' that differs from the one asked for in code (rule "
        "NoMark). Nothing was changed. Add --overwrite to replace it with a new one, or keep it and choose another "
        "--output.\n"
    )
    assert desk.build("LINES", "c4", "--overwrite") == 0


@pytest.mark.slow
def test_code_of_ours_that_is_another_is_told(desk, tmp_path):
    import os
    import shutil
    import subprocess

    house = tmp_path / "house"
    for room in ("c4pipe", "beam_jobs"):
        shutil.copytree(ROOT / room, house / room, ignore=shutil.ignore_patterns("__pycache__"))

    def build():
        command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", str(desk.folder / "wet"), "--workers", "1"]
        command += ["--output", str(tmp_path / "c4"), "--badwords-dir", str(desk.badwords)]
        env = {**os.environ, "PYTHONPATH": str(house)}
        return subprocess.run(command, cwd=house, env=env, capture_output=True, text=True, check=False)

    assert build().returncode == 0
    lines = house / "c4pipe/rules/lines.py"
    lines.write_text(
        lines.read_text().replace("len(line.split(None, self.words)) < self.words", "len(line.split()) < self.words")
    )
    again = build()
    assert again.returncode == 2
    assert "differs from the one asked for in code (rule MinWords). Nothing was changed." in again.stderr
