"""`python -m c4pipe.compare` from the command line to its files."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from c4pipe.compare import placing
from c4pipe.compare.__main__ import main
from c4pipe.compare.arguments import parse
from c4pipe.compare.placing import COMPARE_FILES, check_place, write_files
from c4pipe.errors import ConfigError
from c4pipe.facts.verdict import VERDICT_FILE, read_verdict

WORDS = [f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in ("r", "st", "l", "nd")]


def page(rng: random.Random, start: int = 0) -> str:
    """Sentences of words that follow one another by a simple law."""
    words, at = [], rng.randrange(len(WORDS))
    for _ in range(90):
        words.append(WORDS[(start + at) % len(WORDS)])
        at = (at * 5 + rng.choice((1, 2, 3))) % len(WORDS)
    return "\n".join(" ".join(words[i : i + 15]) for i in range(0, 90, 15))


def write(folder: Path, texts: list[str], site: str) -> Path:
    folder.mkdir()
    rows = [{"text": text, "url": f"http://{site}{number}.example/"} for number, text in enumerate(texts)]
    (folder / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two corpora drawn alike, and test texts `t.txt` drawn like them."""
    monkeypatch.chdir(tmp_path)
    rng = random.Random(1)
    a, b = ([page(rng) for _ in range(150)] for _ in range(2))
    (tmp_path / "t.txt").write_text("\n".join(page(rng) for _ in range(40)), encoding="utf-8")
    return write(tmp_path / "a", a, "a"), write(tmp_path / "b", b, "b")


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_two_corpora_alike_cannot_be_told_apart(sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*sides, "--on", "held-out", "plain=t.txt") == 0
    out = capsys.readouterr().out
    assert "\ncannot tell" in out
    assert "nothing beyond chance" in out
    assert sorted(path.name for path in Path("out/compare").iterdir()) == sorted(COMPARE_FILES)
    assert read_verdict(Path("out/compare")).line in Path("out/compare/comparison.html").read_text()


def test_damage_is_named(sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    a, b = sides
    rows = [json.loads(line) for line in (b / "pages.jsonl").read_text().splitlines()]
    for row in rows[:60]:
        row["text"] += "\nAccept all of our \x1b[31mcookies <b>now</b>"
    for row in rows[60:130]:
        row["text"] = rows[140]["text"]
    (b / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(a, b, "--on", "t.txt", "--json", "--out", "o") == 0
    found = json.loads(capsys.readouterr().out)
    kinds = {one["kind"]: one for one in found["words"]}
    assert kinds["repeats"]["side"] == kinds["lines"]["side"] == kinds["boilerplate"]["side"] == "B"
    assert found["verdict"] in ("A", "cannot tell")
    html, table = Path("o/comparison.html").read_text(), Path("o/table.md").read_text()
    assert "<b>now" not in html
    assert "\x1b" not in html + table
    assert found["sampled"] == 150
    assert "\nShares of pages are of a sample, 150 pages of each corpus, of whose texts the first " in table


def test_test_text_that_stands_in_a_corpus_is_left_out(
    sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    a, _ = sides
    known = json.loads((a / "pages.jsonl").read_text().splitlines()[3])["text"]
    folder = Path("tests")
    folder.mkdir()
    rng = random.Random(7)
    for number in range(8):
        (folder / f"{number}.txt").write_text(page(rng))
    (folder / "known.txt").write_text(f"Before it. {known.upper()} Behind it.")
    assert run(*sides, "--on", "tests", "--json") == 0
    assert json.loads(capsys.readouterr().out)["overlaps"] == {"tests": 1}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a"], "expected the folders of two corpora, got 1"),
        (["a", "nowhere"], "nowhere does not exist. Expected a c4pipe corpus, or a folder of"),
        (["a", "empty"], "empty holds no corpus"),
        (["a", "b", "--on", "nowhere.txt"], "nowhere.txt does not exist"),
        (["a", "b", "--on", "empty"], "no text was found there"),
        (["a", "b", "--on", "t.txt", "other/t.txt"], "there is already a domain 't'"),
        (["a", "b", "--on", "pinned"], "Run `make assets`"),
        (["a", "b", "--text-key", "body"], "no record has it"),
        (["a", "b", "--input", "wet"], "--input has no effect"),
        (["a", "b", "--level", "large"], "invalid choice"),
        (["a", "b", "--out", "t.txt"], "--out t.txt is a file"),
        (["a", "b", "--out", "corpus/deep/out"], "lies in the corpus"),
        (["--rule", "curly_brace"], "required"),
        (["--rule", "curly_brac", "en"], "Did you mean 'curly_brace'?"),
        (["--rule", "curly_brace", "em"], "unknown preset"),
        (["--rule", "curly_brace", "en", "b"], "--rule takes one preset"),
        (["--rule", "curly_brace", "en.without.policy"], "--rule tests one rule of a complete preset"),
        (["--rule", "curly_brace", "en", "--on", "nowhere.txt"], "nowhere.txt does not exist"),
        (["--rule", "curly_brace", "en"], "give --input: the default, data_samples, is in a checkout"),
        (["a", "b", "--lr", "0.1", "0.2"], "--lr has no effect: it goes with a model level"),
        (["a", "b", "--equal", "epochs"], "--equal has no effect: it goes with a model level"),
        (["a", "b", "--level", "tiny", "--steps", "0"], "expected a number of 1 or more"),
        (["a", "blank"], "blank has no text: blank/x.jsonl is empty"),
        (["a", "b", "--level", "tiny"], "a is a folder of other files"),
        (["a", "b", "--on", "held out of A=t.txt"], "is the name of the held-out pages"),
    ],
)
def test_wrong_use_is_one_line(
    sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    Path("empty").mkdir()
    Path("corpus").mkdir()
    Path("corpus/manifest.json").touch()
    Path("other").mkdir()
    Path("blank").mkdir()
    Path("blank/x.jsonl").touch()
    Path("other/t.txt").write_text("Some words. " * 9)
    assert run(*words) == 2
    out, said = capsys.readouterr()
    assert (out, said.splitlines()[-1][:9]) == ("", "compare: ")
    assert says in said.splitlines()[-1]
    assert not Path("out").exists()


def test_what_the_corpora_turn_out_to_lack_is_no_wrong_use(
    sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("short.txt").write_text("A text of its own.")
    assert run("a", "b", "--on", "short.txt") == 1
    assert "there is no test text" in capsys.readouterr().err
    one = write(Path("one"), ["Another text."] * 9, "same")
    row = json.loads((one / "pages.jsonl").read_text().splitlines()[0])
    (one / "pages.jsonl").write_text(
        "".join(json.dumps({**row, "text": f"{n} {row['text']}"}) + "\n" for n in range(9))
    )
    assert run("one", "one", "--on", "t.txt") == 1
    assert "one has pages of 1 group of sites among those that are counted" in capsys.readouterr().err


def test_records_that_gave_no_page_are_told_with_their_reason(
    sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("a/pages.jsonl")
    path.write_bytes(b"\xff\xfe" + path.read_bytes())
    assert run("a", "b", "--on", "t.txt") == 1
    said = capsys.readouterr().err
    assert "a has no page: 1 record gave no page (" in said
    assert "first a/pages.jsonl" in said


def test_of_a_folder_of_corpora_one_is_to_be_named(
    sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("out/de", "out/en"):
        Path(name).mkdir(parents=True)
        Path(name, "manifest.json").write_text('{"schema_version": 1, "shards": []}')
    write(Path("out/__rejected"), ["No page of any corpus."], "r")
    assert run("out", "b", "--out", "o") == 2
    assert "out holds several corpora: de, en. Name one, such as out/de." in capsys.readouterr().err


@pytest.mark.parametrize("out", ["a", "a/deep", "t"])
def test_nothing_is_written_into_what_is_read(
    sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str], out: str
) -> None:
    write(Path("t"), ["A text."], "t")
    assert run("a", "b", "--on", "tests=t", "--out", out) == 2
    assert "which is read" in capsys.readouterr().err


def edit(path: Path) -> None:
    path.write_text("mine")


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


def test_a_trial_has_a_folder_of_its_own() -> None:
    assert parse(["a", "b"]).out == Path("out/compare")
    assert parse(["--rule", "curly_brace", "en"]).out == Path("out/compare-curly_brace")
    assert parse(["--rule", "all", "en", "--out", "o"]).out == Path("o")


FILES = dict.fromkeys(COMPARE_FILES[1:], b"x")


@pytest.mark.parametrize("spoil", [edit, link])
@pytest.mark.parametrize("name", COMPARE_FILES)
def test_what_is_not_ours_is_not_replaced(tmp_path: Path, name: str, spoil: Callable[[Path], None]) -> None:
    write_files(tmp_path, VERDICT_FILE, {"verdict": "A"}, FILES)
    check_place(tmp_path)
    spoil(tmp_path / name)
    with pytest.raises(ConfigError, match="was not written by a comparison"):
        check_place(tmp_path)


@pytest.mark.parametrize("name", ["rules.md", "rules.json", "curly_brace/table.md", "curly_brace/comparison.html"])
@pytest.mark.parametrize("rule", ["curly_brace", "all"])
def test_a_trial_replaces_no_file_of_the_users(
    sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str], rule: str, name: str
) -> None:
    path = Path("o", name)
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    assert run("--rule", rule, "en", "--out", "o") == 2
    assert f"{path} was not written by a comparison" in capsys.readouterr().err
    assert path.read_text() == "mine"


@pytest.mark.parametrize("before", [{}, dict.fromkeys(COMPARE_FILES[1:], b"old")])
@pytest.mark.parametrize("writes", range(5))
def test_after_a_death_in_the_writing_the_files_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: dict[str, bytes], writes: int
) -> None:
    if before:
        write_files(tmp_path, VERDICT_FILE, {"verdict": "B"}, before)
    put, done = placing._put, []

    def dies(path: Path, data: bytes) -> None:
        if len(done) == writes:
            raise InterruptedError
        done.append(path)
        put(path, data)

    monkeypatch.setattr(placing, "_put", dies)
    with suppress(InterruptedError):
        write_files(tmp_path, VERDICT_FILE, {"verdict": "A"}, FILES)
    check_place(tmp_path)
    monkeypatch.setattr(placing, "_put", put)
    write_files(tmp_path, VERDICT_FILE, {"verdict": "A"}, FILES)
    assert "before" not in json.loads((tmp_path / VERDICT_FILE).read_text())
    (tmp_path / COMPARE_FILES[1]).write_bytes(b"old")
    with pytest.raises(ConfigError, match="was changed since"):
        check_place(tmp_path)


def test_a_place_that_cannot_be_written_is_said_before_any_work(tmp_path: Path) -> None:
    check_place(tmp_path / "new/deep")
    assert [*tmp_path.iterdir()] == []
    with pytest.raises(ConfigError, match=r"--out /proc/xx cannot be written"):
        check_place(Path("/proc/xx"))


def test_options_of_training_are_handed_on(sides: tuple[Path, Path]) -> None:
    args = parse(["a", "b", "--level", "tiny", "--lr", "0.1", "0.2", "--steps", "9"])
    assert args.training == ("--steps", "9", "--lr", "0.1", "0.2")
    assert parse(["a", "b"]).training == ()
