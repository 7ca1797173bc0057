"""The accuracy of language identifiers on held-out texts: arithmetic on known answers, readers, and the command."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from bench import web_lines
from bench.outside import ROOT
from bench.web_languages import (
    Answer,
    Share,
    Tally,
    answers,
    confusions,
    curve,
    main,
    read_written,
    tallies,
    total,
)
from bench.web_lines import (
    Labelled,
    WebSource,
    breadth,
    fetch_sources,
    interface,
    read_lines,
    sentences,
    site,
    unit_test,
)
from c4pipe.errors import BuildError
from c4pipe.files.pinned import sha256_of
from c4pipe.langid.base import Guess
from c4pipe.langid.fasttext import default_model

GIVEN = [
    Answer("de", "clean", "de", 0.9),
    Answer("de", "clean", "de", 0.4),
    Answer("de", "short", "nl", 0.6),
    Answer("de", "short", "und", 0.0),
    Answer("nl", "clean", "nl", 0.7),
    Answer("hr", "clean", "de", 0.8),  # no language of mC4
    Answer("nl", "short", "hr", 0.9),  # named, but not in a language of mC4's: as good as und
]


def test_tallies() -> None:
    assert tallies(GIVEN, 0.0) == {"de": Tally(4, 2, 1, 3), "nl": Tally(2, 1, 1, 2)}  # n, right, und, named
    assert total(GIVEN, 0.0) == Tally(6, 3, 2, 5)
    assert tallies(GIVEN, 0.65) == {"de": Tally(4, 1, 3, 2), "nl": Tally(2, 1, 1, 1)}
    assert confusions(GIVEN, 0.0) == [("de", "nl", 1), ("hr", "de", 1)]
    tally = tallies(GIVEN, 0.0)["de"]
    assert (tally.precision, tally.coverage, tally.harmonic) == (Share(2, 3), Share(2, 4), 4 / 7)


def test_curve_says_only_what_changes() -> None:
    found = curve(GIVEN)
    assert [at for at, _ in found] == [0.0, 0.5, 0.7, 0.8, 0.9, 0.95]
    assert [(tally.right, tally.named) for _, tally in found] == [(3, 5), (2, 4), (2, 3), (1, 2), (1, 1), (0, 0)]


def test_shares() -> None:
    assert str(Share(0, 0)) == "none"
    assert str(Share(99, 100)) == "99.0 (94.6–99.8)"
    assert str(Share(5, 5)) == "100.0 (56.6–100.0)"


class Known:
    name = "known"
    languages = ("de",)

    def guess(self, text: str) -> Guess | None:
        return {"a": Guess("jw", 0.3), "b": Guess("und", 0.0)}.get(text)


def test_answers_are_written_as_mc4_writes_them() -> None:
    texts = [Labelled("jv", "clean", text) for text in "abc"]
    assert [(one.named, one.score) for one in answers(Known(), texts)] == [("jv", 0.3), ("und", 0.0), ("und", 0.0)]


def test_breadth() -> None:
    assert [breadth(text) for text in ("", "ab c", "日本", "ひらカナ", "한국", "día")] == [0, 4, 6, 12, 4, 3]


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def catalogue(messages: dict[str, str]) -> bytes:
    """A compiled catalogue of gettext (GNU gettext manual, "The Format of GNU MO Files")."""
    pairs = [
        (key.encode(), text.encode())
        for key, text in sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **messages}.items())
    ]
    n, at = len(pairs), 28 + 16 * len(pairs)
    tables: list[bytes] = []
    body = b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(len(pair[column]).to_bytes(4, "little") + (at + len(body)).to_bytes(4, "little"))
            body += pair[column] + b"\0"
    numbers = [0x950412DE, 0, n, 28, 28 + 8 * n, 0, at]
    return b"".join(number.to_bytes(4, "little") for number in numbers) + b"".join(tables) + body


def test_readers(tmp_path: Path) -> None:
    test = "de\tEin Satz.\nku\tهەولێر".encode()
    assert [*sentences(zipped(tmp_path / "a", {"eld/tests/data/big-test.txt": test}))] == [
        ("de", "Ein Satz."),
        ("ckb", "هەولێر"),
    ]
    scratch = {
        "package/www/faq/en.json": b'{"a": "Hello", "b": "Scratch"}',
        "package/www/faq/es-419.json": b'{"a": "Hola", "b": "Scratch", "c": "{n, plural, one {uno}}"}',
        "package/www/faq/ja-Hira.json": '{"a": "こ"}'.encode(),
        "package/editor/de.json": b'{"a": "Hallo"}',
    }
    assert [*site(tarred(tmp_path / "b", scratch))] == [("en", "Hello"), ("en", "Scratch"), ("es", "Hola")]
    django = {
        "django/conf/locale/nb/LC_MESSAGES/django.mo": catalogue({"Yes": "Ja", "OK": "OK"}),
        "django/conf/locale/nb/LC_MESSAGES/djangojs.mo": b"",
    }
    assert [*interface(zipped(tmp_path / "c", django))] == [("nb", "Ja")]
    header = """//
const char* kTeststr_jw_Latn = " a b";
//const char* kTeststr_xx_Latn = "c";
const char* kTeststr_ja_Hani = "日";
const char* kTeststr_blu_Latn2 = "d";
#else
const char* kTeststr_de_Latn = "e";
"""
    found = unit_test(tarred(tmp_path / "d", {"package/deps/cld/internal/unittest_data.h": header.encode()}))
    assert [*found] == [("jw_Latn", " a b"), ("ja_Jpan", "日"), ("hmn_Latn", "d")]


LONG = "Das ist eine <b>Zeile</b>, die %(name)s lang genug ist, um hier mitzuzählen."


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one small package, which a command that does nothing "fetches"."""
    lines = [f"de\t{LONG}", f"de\t{LONG}", f"he\t{LONG}", "de\tkurz", "de\t" + "1 " * 40, f"nl\t{LONG}!"]
    path = zipped(tmp_path / "small.zip", {"eld/tests/data/big-test.txt": "\n".join(lines).encode()})
    small = WebSource("sentence", ("true",), "small.zip", sha256_of(path), sentences)
    monkeypatch.setattr(web_lines, "SOURCES", (small, small._replace(archive="absent.zip", command=("false",))))
    return tmp_path


def test_lines(source: Path) -> None:
    text = "Das ist eine Zeile , die lang genug ist, um hier mitzuzählen."
    assert read_lines(source) == [
        Labelled("de", "sentence", text),
        Labelled("iw", "sentence", text),
        Labelled("nl", "sentence", text + "!"),
    ]
    (source / "small.zip").write_bytes(b"other")
    with pytest.raises(BuildError, match="is not what was pinned"):
        read_lines(source)


def test_fetching(source: Path) -> None:
    fetched = fetch_sources(source)
    assert next(fetched) == f"there    {source / 'small.zip'}"
    with pytest.raises(BuildError, match=r"absent\.zip was not downloaded as pinned.*`false .*run it again later"):
        next(fetched)


def test_the_command(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "written"
    written.mkdir()
    (written / "de.tsv").write_text(f"clean\t{LONG}\nshort\tWir gehen morgen in den Garten.\n", "utf-8")
    assert read_written(written)[1] == Labelled("de", "short", "Wir gehen morgen in den Garten.")
    file = tmp_path / "found.json"
    common = ["--written", str(written), "--packages", str(source)]
    assert main([*common, "--by", "consensus,cld2", "--json", str(file)]) == 0
    out = capsys.readouterr().out
    assert "| short | cld2 | 1 | 100.0 (20.7–100.0) | 100.0 (20.7–100.0) | 0 | 0 |" in out
    assert "| de | sentence | 1 | 33.3 (6.1–79.2) at 100.0 (20.7–100.0)" in out  # the lines in iw and nl are German
    found = json.loads(file.read_text())["consensus"]
    assert found["kinds"]["sentence"] == {"de": [1, 1, 0, 3], "iw": [1, 0, 0, 0], "nl": [1, 0, 0, 0]}
    assert found["confusions"] == [["iw", "de", 1], ["nl", "de", 1]]
    assert main([*common, "--by", "cld2", "--kinds", "short,clean", "--lines", "1"]) == 0
    assert "| de | clean | 1 |" in capsys.readouterr().out


def test_any_fasttext_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "de.tsv").write_text(f"clean\t{LONG}\n", "utf-8")
    common = ["--written", str(tmp_path), "--packages", str(tmp_path), "--by", ""]
    assert main([*common, "--model", f"mine={default_model()}"]) == 0
    assert "| clean | mine | 1 | 100.0 (20.7–100.0) | 100.0 (20.7–100.0) | 0 | 0 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--kinds", "wrong"], "no text of kind 'wrong'. There are: clean"),
        (["--model", "glotlid"], "--model glotlid: expected NAME=FILE"),
        (["--model", "glotlid=/nowhere/model.bin"], "cannot read the fastText model /nowhere/model.bin"),
        (["--by", ""], "no identifier is named"),
        (["--by", "nobody"], "nobody"),
    ],
)
def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str) -> None:
    (tmp_path / "de.tsv").write_text("clean\tEin Satz.\n", "utf-8")
    assert main(["--written", str(tmp_path), "--packages", str(tmp_path), "--by", "cld2", *options]) == 2
    assert says in capsys.readouterr().err


def test_owners_of_the_packages_are_named() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    for source in web_lines.SOURCES:
        (what,) = (part for part in source.command if re.fullmatch(r"[\w-]+(==|@)[\d.]+", part))
        assert f"\n  {re.sub('==|@', ' ', what)} " in notice
