"""The card of a folder of several corpora: none is loaded instead of another, and no user's file is replaced."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from beam_jobs import build_c4
from c4pipe.card.several import CARD, CorpusBelow, card_of_several, seal_of
from c4pipe.verify.__main__ import main as verify
from tests.conftest import Once
from tests.test_readers import kept, loaded
from tests.wetfiles import SAMPLES, digests, manifest_of

Capture = pytest.CaptureFixture[str]


def build(source: Path, output: Path, presets: str, *options: str) -> int:
    arguments = ["--input", str(source), "--output", str(output), "--preset", presets, "--workers", "1"]
    return build_c4.main([*arguments, *options])


@pytest.fixture(scope="module")
def several(once: Once) -> Path:
    def make(folder: Path) -> None:
        assert build(SAMPLES, folder, "en.noclean,multilingual", "--min-pages", "4") == 0

    return once("the samples by two presets", make)


@pytest.fixture
def copy(once: Once, small: Path, tmp_path: Path) -> Path:
    """Two small corpora."""
    made = once("small, by two presets", lambda folder: build(small, folder, "en,en.noclean"))
    return Path(shutil.copytree(made, tmp_path / "all"))


def test_each_corpus_is_loaded_by_its_name_and_none_without(several: Path, tmp_path: Path) -> None:
    asked = [([str(several), *name], {}) for name in ([], ["en.noclean"], ["multilingual.de"])]
    nameless, english, german = loaded(tmp_path, *asked)
    names = [f"multilingual.{config}" for config in ("de", "en", "es", "fr")]
    assert nameless.startswith("ValueError: Config name is missing.")
    assert f"['en.noclean', {', '.join(map(repr, names))}" in nameless
    assert english == kept(several / "en.noclean")
    rows = [row for row in manifest_of(several / "multilingual")["shards"] if row["config"] == "de"]
    assert german == {row["split"]: row["rows"] for row in rows}


def test_the_table_says_what_is_there(several: Path) -> None:
    card = (several / CARD).read_text()
    train, validation = kept(several / "en.noclean").values()
    size = sum(row["bytes"] for row in manifest_of(several / "en.noclean")["shards"])
    says = manifest_of(several / "en.noclean")["preset"]["says"]
    line = f"| [en.noclean](en.noclean/README.md) | {says} | `en.noclean` | {train} | {validation} | {size:,} |"
    assert line in card.splitlines()


def test_it_is_made_again_when_a_corpus_comes_or_changes(copy: Path, small: Path, capsys: Capture) -> None:
    first = (copy / CARD).read_bytes()
    assert build(small, copy, "en.2019,en") == 0
    card = (copy / CARD).read_bytes()
    assert b"[en.2019](en.2019/README.md)" in card
    assert b"[en.noclean](en.noclean/README.md)" in card
    assert build(small, copy / "en", "en", "--limit-pages", "30", "--overwrite") == 0  # one alone
    changed = (copy / CARD).read_bytes()
    assert changed not in (first, card)
    assert build(small, copy, "en", "--overwrite") == 2  # not into the folder of several
    assert (copy / CARD).read_bytes() == changed
    assert verify([str(copy)]) == 0
    assert capsys.readouterr().out.count("whole.") == 4
    assert [path.name for path in sorted(copy.iterdir())] == [CARD, "en", "en.2019", "en.noclean"]


def test_one_that_is_missing_is_written_without_a_build(copy: Path, small: Path) -> None:
    before = digests(copy)
    (copy / CARD).unlink()  # as by an older build, or one that was killed
    assert build(small, copy, "en,en.noclean") == 0
    assert digests(copy) == before


@pytest.mark.parametrize("data", [b"# My notes\n", b"", b"---\nlicense: mit\n---\n"])
def test_a_card_of_somebody_else_is_never_replaced(copy: Path, small: Path, data: bytes, capsys: Capture) -> None:
    (copy / CARD).write_bytes(data)
    for presets in ("en,en.noclean", "en,en.2019"):
        assert build(small, copy, presets, "--overwrite") == 2
        assert "holds 'README.md'" in capsys.readouterr().err
    assert build(small, copy / "en.2019", "en.2019") == 0
    assert (copy / CARD).read_bytes() == data


def test_one_that_was_edited_stays_and_stops_a_build_of_several(copy: Path, small: Path, capsys: Capture) -> None:
    edited = (copy / CARD).read_bytes().replace(b"license: odc-by", b"license: mit")
    (copy / CARD).write_bytes(edited)
    assert build(small, copy, "en,en.noclean") == 0  # nothing is to be done
    assert build(small, copy, "en,en.2019") == 2
    assert "README.md was changed since it was written and would be replaced" in capsys.readouterr().err
    assert build(small, copy / "en.2019", "en.2019") == 0
    assert "is left as it is" in capsys.readouterr().err
    assert (copy / CARD).read_bytes() == edited
    assert verify([str(copy)]) == 1
    assert f"{copy / CARD}: it is not as it was written. Remove it" in capsys.readouterr().out


def test_no_two_configs_have_one_name() -> None:
    def corpus(folder: str, *configs: str) -> CorpusBelow:
        rows = [
            {"config": c, "split": "train", "rows": 1, "bytes": 1, "path": f"{c}/train-00000-of-00001.parquet"}
            for c in configs
        ]
        return CorpusBelow(folder, {"preset": {"says": "x", "stages": []}, "shards": rows}, ())

    corpora = [corpus("a", "b.c", "d"), corpus("a.b", "c"), corpus("a.b.c", "a.b.c")]
    card = card_of_several(corpora)
    assert card == card_of_several(corpora[::-1])
    assert seal_of(card) is True
    names = [line for line in card.decode().splitlines() if line.startswith("- config_name")]
    assert names == [f'- config_name: "{name}"' for name in ("a.b.c", "a.b.c_", "a.b.c__", "a.d")]
