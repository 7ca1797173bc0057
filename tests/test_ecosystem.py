"""The effect of a changed rule on pages is reported, and the recorded fates are up to date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from beam_jobs import build_c4
from c4pipe.presets import EN, PRESETS, c4_lines
from c4pipe.stages import Clean
from tests import ecosystem, needs
from tests.conftest import Once, quicken_pipelines
from tests.ecosystem import (
    RECORD,
    STALE,
    Fates,
    PageFate,
    changes,
    fates_in,
    read_record,
    real_inputs,
    real_told,
    record_of,
    samples_told,
    told,
)
from tests.golden import EXPECTED, build, render
from tests.rule_measure import real_presets
from tests.wetfiles import WebPage, story, wet

GOLDEN = """\
# en
  read    4 kept  80.00%  ███

## kept  http://a.example/1
train, 2024, a.wet#1
en 0.999997
  The first line stands.
  The second one too.
  - few_words: Home.
  - no_end_mark: Menu
  - no_end_mark: More

## clean: few_sentences  http://a.example/2
2024, a.wet#2
  because of: 1 sentence
  Only one sentence.
"""


def fates(**pages: PageFate) -> Fates:
    return Fates(dict(pages), {key: f"http://{key}.example/" for key in pages})


def test_fates_are_read_of_a_golden_corpus() -> None:
    found = fates_in(GOLDEN)
    assert [*found.pages.values()] == [
        PageFate("kept", 2, {"few_words": 1, "no_end_mark": 2}),
        PageFate("clean: few_sentences"),
    ]
    assert [*found.urls.values()] == ["http://a.example/1", "http://a.example/2"]
    assert len({*found.pages}) == 2


def test_changes_are_told_by_reason_with_the_pages() -> None:
    few, brace, kept = PageFate("clean: few_sentences"), PageFate("clean: curly_brace"), PageFate("kept", 3)
    before = fates(a=kept, b=few, c=few, d=PageFate("kept", 3, {"few_words": 1}), e=kept, f=kept, g=kept)
    after = fates(a=few, b=kept, c=brace, d=PageFate("kept", 1, {"few_words": 3}), e=kept, f=PageFate("kept", 9))
    assert told("en", before, after) == [
        "en curly_brace: -1 page",
        "  - http://c.example/",
        "en few_sentences: +2 pages, -1 page",
        "  + http://b.example/",
        "  + http://c.example/",
        "  - http://a.example/",
        "en few_words: 2 lines more and 0 fewer on 1 page",
        "  ~ http://d.example/",
        "en pages: -1 page",
        "  - http://g.example/",
        "en text: 6 lines more and 0 fewer on 1 page",
        "  ~ http://f.example/",
    ]
    assert told("en", before, before) == []


def test_ten_pages_are_named_and_the_others_counted() -> None:
    before = fates(**{f"p{i:02}": PageFate("kept", 3) for i in range(12)})
    after = fates(**{key: PageFate("clean: few_words") for key in before.pages})
    lines = told("en", before, after)
    assert lines[0] == "en few_words: -12 pages"
    assert len(lines) == 12
    assert lines[-1] == "  and 2 more"


def test_the_record_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"en": fates_in(GOLDEN)}
    monkeypatch.setattr("tests.ecosystem.RECORD", tmp_path / "record.tsv")
    (tmp_path / "record.tsv").write_text(record_of(found))
    assert {name: one.pages for name, one in read_record().items()} == {"en": found["en"].pages}
    assert real_told(found) == []
    assert real_told({"other": found["en"]}) == [
        "en: record.tsv does not know it.",
        "other: record.tsv does not know it.",
    ]


def test_the_record_holds_no_text_and_no_address() -> None:
    text = RECORD.read_text(encoding="utf-8")
    assert "http" not in text
    assert {row.count("\t") for row in text.splitlines()} == {4}
    assert {*read_record()} == {*real_presets()}


def test_a_changed_rule_is_told(tmp_path: Path) -> None:
    """Ten words a line instead of five, over a real build."""
    quicken_pipelines()
    pages = [WebPage(f"http://{n}.example/", f"{story(100 * n)}\nOnly six words are in here.") for n in range(3)]
    short = "Only six words are in here.\nSix words are in here too.\nAnd six of them here again."
    pages += [WebPage("http://short.example/", short)]
    (tmp_path / "a.warc.wet.gz").write_bytes(wet(pages))
    strict = EN.on(Clean("clean", c4_lines(min_words=10), then=EN.stages[3].then))  # type: ignore[attr-defined]
    texts = []
    for name, preset in (("before", EN), ("after", replace(strict, name="en"))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(PRESETS, "en", preset)
            arguments = ["--input", str(tmp_path / "a.warc.wet.gz"), "--output", str(tmp_path / name), "--workers", "1"]
            assert build_c4.main([*arguments, "--rejected", "all"]) == 0
            texts.append(render(tmp_path / name))
    found = changes(fates_in(texts[0]), fates_in(texts[1]))
    assert [*found] == ["few_sentences", "few_words"]
    assert len(found["few_sentences"].lost) == 1
    assert (found["few_words"].more, found["few_words"].fewer, len(found["few_words"].cut_from)) == (3, 0, 3)


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "en.tfds"])
def test_the_samples_have_the_fates_that_are_recorded(preset: str, once: Once) -> None:
    """The corpora of test_golden, which says that the text is another; this says what that means."""
    others = [name for name in PRESETS if name != "en.tfds"]
    lines = samples_told(preset, render(once("golden", lambda folder: build(others, folder)) / preset))
    assert not lines, "\n".join([*lines, STALE])


def test_only_the_answer_is_printed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    quicken_pipelines()
    monkeypatch.setattr(ecosystem, "PRESETS", {name: PRESETS[name] for name in ("en.noclean", "gopher")})
    monkeypatch.setattr(ecosystem, "real_inputs", list)
    assert ecosystem.main([]) == 0
    out, err = capfd.readouterr()
    assert out.splitlines() == [f"{ecosystem.REAL} is not there: only data_samples was tried.", "No page changed."]
    assert err == ""


def test_a_build_that_fails_says_why(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        ecosystem._quietly(["gopher"], tmp_path / "out", [tmp_path / "missing.wet"])
    assert "missing.wet" in capfd.readouterr().err


def test_a_preset_without_a_golden_corpus_is_told() -> None:
    assert samples_told("nothing", GOLDEN) == ["nothing: data_samples/expected has no corpus of it."]
    assert (EXPECTED / "en.txt").exists()


@needs.shared
def test_real_pages_have_the_fates_that_are_recorded(once: Once) -> None:
    folder = once("ecosystem", lambda place: build(real_presets(), place, real_inputs()))
    lines = real_told({name: fates_in(render(folder / name)) for name in real_presets()})
    assert not lines, "\n".join([*lines, STALE])
