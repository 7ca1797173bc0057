"""Untrusted text stays text: in the terminal, in Markdown, YAML and JSON, in paths, and in memory.

Hostile pages, URLs, record ids, dates and file names go through the real command, and all output is checked. These
tests cover no CSV: `=1+1` must only come out unchanged. Add tests here with a new CSV writer.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from beam_jobs import build_c4
from c4pipe.card import dataset_card
from c4pipe.corpus.stats import Stats
from c4pipe.passes.summary import printable, summary
from c4pipe.presets import EN
from c4pipe.text.dates import parsed_date
from c4pipe.wet import page_text
from tests.test_card import described
from tests.wet.writer import member, record
from tests.wetfiles import digests, manifest_of, rows, story

yaml = pytest.importorskip("yaml", reason="PyYAML comes with `datasets`, which the test extra installs")

ESC, BELL, RLO, CSI = "\x1b", "\x07", "\u202e", "\x9b"
STRINGS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]><!--",
    "\"'><svg/onload=alert(1)>",
    f"{ESC}[31mred{ESC}[0m",
    f"{ESC}]0;owned{BELL}",
    f"{ESC}]8;;http://evil.example/{ESC}\\click",
    f"{CSI}2J",
    f"{RLO}fdp.exe",
    "\u2066\u2067isolated",
    "nul\0byte",
    "\x08\x08\x08back",
    "=1+1",
    "@SUM(A1:A9)",
    "+cmd|' /C calc'!A0",
    '-2+3+cmd|" /C calc"!A0',
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows",
    "---",
    "...",
    "| a | b |",
    "``` `x` ```",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/beacon)",
    "# Not a heading of ours",
    "- !!python/object/apply:os.system [id]",
    "&anchor *alias",
    "%s%n%d {0} {page} ${HOME} $(touch pwned) `touch pwned`",
    "\ufeffmark",
    "\u2028\u2029\x85breaks",
    "x" * 100_000,
)
NAMES = (  # of files: without a slash and a NUL, which no file system takes
    "<img src=x onerror=alert(1)>",
    f"a{ESC}]0;owned{BELL}b",
    f"{ESC}[2J{CSI}31m",
    "new\nline\rback",
    "[x]*?",
    "%s%n{0}",
    "=1+1",
    "-rf",
    "| a | `b` [x](javascript:alert(1))",
    f"{RLO}zg.tew",
    "--- !!python",
    "$(touch pwned)",
    "a..",
    "é" * 100,
)
EVIL = re.compile(
    r"<script|<img|<svg|javascript:|onerror|python/object|\.\./|evil|owned|passwd|pwned|[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
OUTPUT = f"out [x] %s =1 {ESC}[31m é\nline"


class Built(NamedTuple):
    """One hostile build as a process, and the same command again."""

    root: Path
    folder: Path
    code: int
    said: str  # stdout and stderr
    again: str
    before: set[str]  # every path below the root
    after: set[str]


def paths(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*")}


def hostile_page(n: int) -> tuple[str, str]:
    """(URL, text) of the page with string `n`: an English page, or it would be dropped for its language."""
    return f"http://site.example/{n}/{STRINGS[n][:200]}", f"{story(100 * n)}\n{STRINGS[n]}\n{story(100 * n + 50)}"


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    words = [sys.executable, "-m", "beam_jobs.build_c4", *map(str, arguments)]
    return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Every string in every field, in files of hostile names, every other one damaged."""
    root = tmp_path_factory.mktemp("hostile")
    source, cwd = root / "in" / "wet", root / "cwd"
    source.mkdir(parents=True)
    cwd.mkdir()
    files: dict[str, bytes] = dict.fromkeys((f"{name}.warc.wet.gz" for name in NAMES), b"")
    for n in range(len(STRINGS)):
        url, text = hostile_page(n)
        one = member(f"{n}-{STRINGS[n][:200]}", text, url=url, date=STRINGS[n][:200])
        two = member(n, story(5000 + 100 * n), url=STRINGS[n][:9000])
        name = f"{NAMES[n % len(NAMES)]}.warc.wet.gz"
        files[name] += one + two
    for number, (name, data) in enumerate(files.items()):
        (source / name).write_bytes(data[:-9] if number % 2 else data)
    (source / f"{ESC}[5mnot a list.wet").write_text("<html><script>alert(1)</script></html>")
    options = ("--preset", "en.noclean", "--rejected", "all", "--workers", 1)
    before = paths(root)
    done = [command("--input", source, "--output", root / OUTPUT, *options, cwd=cwd) for _ in range(2)]
    said, again = (one.stdout + one.stderr for one in done)
    return Built(root, root / OUTPUT, done[0].returncode or done[1].returncode, said, again, before, paths(root))


def test_the_terminal_gets_no_control_character(hostile: Built) -> None:
    assert hostile.code == 0, hostile.said
    for text in (hostile.said, hostile.again):
        assert all(c == "\n" or c.isprintable() for c in text), [ascii(c) for c in text if not c.isprintable()]
    assert "a\\x1b]0;owned\\x07b.warc.wet.gz" in hostile.said  # and yet what it was can be seen
    assert "it was already built" in hostile.again


def test_no_file_is_named_by_a_stranger_or_lies_elsewhere(hostile: Built) -> None:
    prefix = f"{OUTPUT}/"
    made = {path for path in hostile.after - hostile.before if path != OUTPUT}
    assert all(path.startswith(prefix) for path in made), made
    shard = r"(train|validation)-\d{5}-of-\d{5}\.parquet"
    tables = rf"en\.noclean(/{shard})?|__(rejected|restore)(/part-\d{{6}}\.parquet)?"
    tables += r"|__facts(/(losses|domains)\.parquet)?"
    shapes = rf"{tables}|keys(/\w+\.keys)?|README\.md|stats\.json|manifest\.json(\.sha256)?|\.lock"
    assert all(re.fullmatch(shapes, path.removeprefix(prefix)) for path in made), made
    assert hostile.before <= hostile.after


def test_the_card_holds_nothing_of_a_stranger(hostile: Built) -> None:
    card = (hostile.folder / "README.md").read_text(encoding="utf-8")
    assert EVIL.search(card) is None
    start, matter, body = card.split("---\n", 2)
    assert start == ""
    front = yaml.safe_load(matter)
    assert front["language"] == ["en"]
    assert [config["config_name"] for config in front["configs"]] == ["en.noclean"]
    assert [info["config_name"] for info in front["dataset_info"]] == ["en.noclean"]
    assert front["dataset_info"][0]["splits"][0]["num_examples"] > len(STRINGS)
    tables = [line for line in body.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} <= {5, 6}


def test_hugging_face_reads_the_card(hostile: Built) -> None:
    hub = pytest.importorskip("huggingface_hub")
    card = hub.DatasetCard((hostile.folder / "README.md").read_text(encoding="utf-8"), ignore_metadata_errors=False)
    assert card.data.to_dict()["language"] == ["en"]


def test_manifest_and_statistics_are_json_with_every_name_as_it_is(hostile: Built) -> None:
    manifest = manifest_of(hostile.folder)
    names = {item["path"] for item in manifest["inputs"]}
    assert names == {f"{name}.warc.wet.gz" for name in NAMES} | {f"{ESC}[5mnot a list.wet"}
    stats = json.loads((hostile.folder / "stats.json").read_bytes())
    assert {fault["file"] for fault in stats["faults"]} <= names
    kept = list(rows(hostile.folder))
    assert set(stats["months"]) == {row["timestamp"][:7] for row in kept} == {"2024-05", ""}
    for name in ("manifest.json", "stats.json"):
        data = (hostile.folder / name).read_bytes()
        assert re.search(rb"[\x00-\x09\x0b-\x1f]", data) is None


def test_parquet_holds_every_string_as_it_is(hostile: Built) -> None:
    kept = {row["url"]: row for row in rows(hostile.folder)}
    found = 0
    for n, string in enumerate(STRINGS):
        url, text = hostile_page(n)
        if (row := kept.get(url)) is None:
            continue
        found += 1
        assert row["text"] == page_text(text)
        assert row["timestamp"] == (parsed_date(string[:200].strip()) or "")
        assert row["record_id"] == f"urn:uuid:{n}-{string[:200]}".strip("<>")
    bad = {n for n, string in enumerate(STRINGS) if re.search(r"[\x00-\x1f\x7f-\x9f]", string)}
    cut = len(NAMES) // 2  # files whose last page is lost
    assert found >= len(STRINGS) - len(bad) - cut
    rejected = [row for row in rows(hostile.folder, "__rejected/part-*.parquet") if row["reason"] == "bad_url"]
    assert {row["url"].rpartition("/")[2] for row in rejected} >= {f"{ESC}[31mred{ESC}[0m", "nul\0byte"}
    assert all(row["url"].isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f]", row["url"]) for row in kept.values())


@pytest.mark.parametrize("languages", ["../../etc", "en,../x", "/etc", "e n", "en\0", f"{ESC}[31m", "<b>", "=1", "é"])
def test_languages_are_names_and_no_paths(
    languages: str, tmp_path: Path, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "c4"
    assert build_c4.main(["--input", str(small), "--output", str(target), "--languages", languages]) == 2
    said = capsys.readouterr()
    assert "--languages" in said.err
    assert all(c == "\n" or c.isprintable() for c in said.out + said.err)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "option", ["--input", "--output", "--preset", "--badwords-dir", "--shards", "--url-list", "--x"]
)
def test_a_wrong_argument_is_repeated_without_control_characters(
    option: str, tmp_path: Path, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").write_text("a file, and no folder")
    given = {"--input": str(small), "--output": str(tmp_path / "a")} | {option: f"{tmp_path}/a/{ESC}[31m\n"}
    assert build_c4.main([word for pair in given.items() for word in pair]) == 2
    said = capsys.readouterr()
    assert ESC not in said.out + said.err
    assert said.err.count("\n") == 1


def test_a_name_that_is_no_utf8_costs_that_file_at_most(
    tmp_path: Path, badwords: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in (b"good.wet.gz", b"\xff\xfe.wet.gz"):
        data = b"".join(member(n, story(100 * n), url=f"http://{name[:1].hex()}.example/{n}") for n in range(3))
        Path(os.fsdecode(bytes(source) + b"/" + name)).write_bytes(data)
    target = tmp_path / "c4"
    options = ["--badwords-dir", str(badwords), "--workers", "1"]
    assert build_c4.main(["--input", str(source), "--output", str(target), *options]) == 0
    assert all(c == "\n" or c.isprintable() for c in capsys.readouterr().out)
    assert {row["url"][:17] for row in rows(target)} >= {"http://67.example"}
    json.loads((target / "manifest.json").read_bytes())


def test_what_a_terminal_obeys_is_spelt_out() -> None:
    for string in STRINGS + NAMES:
        assert printable(string).isprintable()
    assert printable("plain é 女 😀") == "plain é 女 😀"


def test_the_summary_is_one_line_a_fact_whatever_the_names() -> None:
    manifest: dict[str, Any] = {
        "preset": {"name": "en", "says": "English"},
        "ledger": {"stages": [{"stage": "read", "in": 1, "kept": 0, "rejected": {"truncated": 1}}]},
        "shards": [],
        "inputs": [{"path": name, "faults": {"truncated": 1}} for name in NAMES],
    }
    faults = [{"file": name, "offset": 0, "record": 0, "reason": "truncated", "detail": STRINGS[4]} for name in NAMES]
    text = summary(manifest, OUTPUT, {"faults": faults})
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) < 3 * len(NAMES) + 8


def test_the_card_names_only_codes_for_languages() -> None:
    """Languages come from the identifier's own list; should one be strange all the same, it stays a string."""
    stats = Stats()
    stats.languages.update({"en": 1, '"]\nevil: [': 1, "no": 1})
    matter = dataset_card(EN, described([]), stats).split("---\n")[1]
    assert yaml.safe_load(matter)["language"] == ['"]\nevil: [', "en", "no"]


# --- memory -------------------------------------------------------------------------------------------------------

MEASURE = """
import resource, sys
from pathlib import Path
from beam_jobs import build_c4

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10

(root,) = sys.argv[1:]
for name in ("small", "large"):
    code = build_c4.main(["--input", f"{root}/{name}", "--output", f"{root}/out-{name}",
                          "--workers", "1", "--preset", "en.noclean"])
    print("PEAK", code, peak())
"""
MOST_GROWTH = 400  # MiB: the reader's own 200, and a page of 16 MiB in a few forms on its way to Parquet


def large_records() -> Iterator[bytes]:
    limit = 16 << 20
    yield record(1, "word " * ((limit - 5) // 5) + "end.")
    yield record(2, "a\n" * 1_000_000)
    yield record(3, story(1), url="http://a.example/" + "u" * 10_000_000)
    yield record(4, story(2), date="9" * 10_000_000)
    yield record(5, story(3), extra=b"X-Long: " + b"y" * 10_000_000)
    yield record(6, "x" * (limit - 1))
    yield record(7, "x" * (limit + 1))
    yield record(8, story(4))


@pytest.mark.soak
def test_memory_is_bounded(tmp_path: Path) -> None:
    for name, records in (("small", [record(1, story(1)), record(2, story(2))]), ("large", large_records())):
        (tmp_path / name).mkdir()
        with (tmp_path / name / "a.wet").open("wb") as out:
            out.writelines(records)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    words = [sys.executable, "-c", MEASURE, str(tmp_path)]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    found = re.findall(r"^PEAK (\d+) (\d+)$", done.stdout, re.MULTILINE)
    assert [code for code, _ in found] == ["0", "0"], done.stdout + done.stderr
    small, large = (int(peak) for _, peak in found)
    assert large - small < MOST_GROWTH, f"{small} MiB, then {large} MiB"
    assert {row["url"] for row in rows(tmp_path / "out-large")} >= {"http://a.example/8"}
    assert digests(tmp_path / "out-large")
