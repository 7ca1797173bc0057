"""Several corpora from one pass over the inputs, and one reading for several builds."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4
from c4pipe.flow import read
from c4pipe.langid.langdetect import LangDetect
from c4pipe.presets import EN
from tests.lists import word_lists
from tests.wetfiles import ROOT, digests, manifest_of

SAMPLES = ROOT / "data_samples"
ODD = EN.named("../odd", "a name that is not a folder")


@pytest.fixture
def run(badwords, tmp_path, capsys):
    """`run("--preset", ...)`: a build of the samples into tmp_path/c4; (exit code, stdout, lines of stderr)."""

    def call(*options, source=SAMPLES):
        arguments = ["--input", str(source), "--output", str(tmp_path / "c4"), *word_lists(badwords, options)]
        code = build_c4.main([*arguments, "--workers", "1", *map(str, options)])
        said = capsys.readouterr()
        return code, said.out, said.err.splitlines()

    return call


@pytest.fixture
def opened(monkeypatch):
    """The names of the inputs that are read while the test runs; pages that are shown are read again beside that."""
    names = []
    real = read.PieceReader.verdicts

    def noted(self):
        names.append(Path(self._piece.item.path).name)
        return real(self)

    monkeypatch.setattr(read.PieceReader, "verdicts", noted)
    return names


def rejected_of(folder):
    return pq.read_table(sorted(folder.glob("__rejected/*.parquet"))).to_pylist()


# --- several presets --------------------------------------------------------------------------------------------


def test_each_of_several_corpora_is_as_if_built_alone(run, built, opened, tmp_path):
    presets = ("en", "en.noclean", "en.noblocklist", "en.2019")
    alone = {preset: digests(built(SAMPLES, "--preset", preset)) for preset in presets}
    opened.clear()
    code, out, _ = run("--preset", ",".join(presets))
    assert code == 0
    assert sorted(opened) == sorted(path.name for path in SAMPLES.glob("*.warc.wet*"))  # each input once
    assert sorted(path.name for path in (tmp_path / "c4").iterdir()) == sorted([*presets, "README.md"])
    for preset in presets:
        assert digests(tmp_path / "c4" / preset) == alone[preset]
    _, head, told = out.partition(f"{len(presets)} corpora from {len(opened)} inputs:\n")
    assert head
    assert [line.split()[0] for line in told.split("\n")[: len(presets)]] == [*presets]
    assert told.count("gave no page:") == told.count("have faults:") == 1


def test_presets_that_read_differently_read_each_for_itself(run, built, punkt, tmp_path):
    assert run("--preset", "en.tfds,en")[0] == 0
    assert digests(tmp_path / "c4" / "en") == digests(built(SAMPLES, "--preset", "en"))
    assert digests(tmp_path / "c4" / "en.tfds") == digests(built(SAMPLES, "--preset", "en.tfds"))


def test_a_page_that_two_presets_ask_about_is_judged_once(run, built, monkeypatch):
    (language,) = (s for s in manifest_of(built(SAMPLES))["ledger"]["stages"] if s["stage"] == "language")
    asked = []
    real = LangDetect.guess
    monkeypatch.setattr(LangDetect, "guess", lambda self, text: asked.append(text) or real(self, text))
    assert run("--preset", "en,en.noblocklist")[0] == 0
    assert len(asked) == language["in"]


def test_what_is_there_already_is_not_built_again(run, small, opened, tmp_path):
    assert run("--preset", "en,en.noclean", source=small)[0] == 0
    before = digests(tmp_path / "c4")
    opened.clear()
    code, out, _ = run("--preset", "en.noclean,en.2019,en", source=small)
    assert code == 0
    assert "  en.noclean, en: already built: " in out
    assert len(opened) == len(list(small.iterdir()))
    after = digests(tmp_path / "c4")
    assert {name for name in before if after[name] != before[name]} == {"README.md"}  # which names one more
    assert manifest_of(tmp_path / "c4" / "en.2019")["preset"]["name"] == "en.2019"


@pytest.mark.parametrize(
    ("presets", "words"),
    [
        ("en,en", "'en' is listed twice"),
        ("en,", "unknown preset ''"),
        ("en,nothing", "unknown preset 'nothing'"),
        ("en,tests.jobs.test_together:ODD", "gets a folder with its name; '../odd' is not a valid name"),
    ],
)
def test_presets_that_cannot_be_built_together(run, tmp_path, presets, words):
    code, out, (line,) = run("--preset", presets)
    assert (code, out) == (2, "")
    assert words in line
    assert not (tmp_path / "c4").exists()


def test_several_corpora_do_not_go_into_the_folder_of_one(run, small, tmp_path):
    assert run("--preset", "en.noclean", source=small)[0] == 0
    before = digests(tmp_path / "c4")
    code, _, (line,) = run("--preset", "en,en.noclean", "--overwrite", source=small)
    assert code == 2
    assert "several presets make one folder each" in line
    code, _, (line,) = run("--preset", "en", source=small)
    assert code == 2
    assert digests(tmp_path / "c4") == before


def test_one_corpus_does_not_go_into_the_folder_of_several(run, small, tmp_path):
    assert run("--preset", "en,en.noclean", source=small)[0] == 0
    before = digests(tmp_path / "c4")
    assert run("--preset", "en", "--overwrite", source=small)[0] == 2
    assert digests(tmp_path / "c4") == before


# --- staging that is kept ---------------------------------------------------------------------------------------


def test_other_languages_need_no_second_reading(run, built, opened, tmp_path):
    staging = ("--preset", "en.noclean", "--staging", tmp_path / "staging")
    assert run(*staging, "--languages", "de,fr")[0] == 0
    assert opened != []
    first = digests(tmp_path / "c4")
    opened.clear()
    assert run(*staging, "--languages", "de,fr,ko", "--overwrite")[0] == 0
    assert opened == []
    assert digests(tmp_path / "c4") == digests(built(SAMPLES, "--preset", "en.noclean", "--languages", "de,fr,ko"))
    assert digests(tmp_path / "c4") != first
    assert list((tmp_path / "c4").glob(".*")) == []


def test_staging_is_kept_beside_the_corpus_when_asked(run, small, opened, tmp_path):
    assert run("--preset", "en.noclean", "--keep-staging", source=small)[0] == 0
    opened.clear()
    assert run("--preset", "en.noclean", "--languages", "de,en", "--overwrite", source=small)[0] == 0
    assert opened == []
    assert list((tmp_path / "c4").glob(".*")) == []


def test_a_file_that_changed_is_read_again(badwords, tmp_path, opened):
    source = tmp_path / "in.warc.wet.gz"
    source.write_bytes((SAMPLES / "news.warc.wet.gz").read_bytes())
    arguments = ["--input", str(source), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords)]
    arguments += ["--staging", str(tmp_path / "staging"), "--workers", "1", "--overwrite"]
    assert build_c4.main(arguments) == 0
    source.write_bytes((SAMPLES / "sites.warc.wet.gz").read_bytes())
    assert build_c4.main(arguments) == 0
    assert len(opened) == 2
    assert manifest_of(tmp_path / "c4")["ledger"]["records"] == 54


def test_a_staging_folder_may_serve_builds_from_different_inputs(badwords, tmp_path, opened):
    for name in ("news", "sites", "news"):
        source = SAMPLES / f"{name}.warc.wet.gz"
        arguments = ["--input", str(source), "--output", str(tmp_path / name), "--badwords-dir", str(badwords)]
        assert build_c4.main([*arguments, "--staging", str(tmp_path / "staging"), "--overwrite"]) == 0
    assert opened == ["news.warc.wet.gz", "sites.warc.wet.gz"]


# --- small languages --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def languages(built):
    """Pages of each language in the samples."""
    manifest = manifest_of(built(SAMPLES, "--preset", "en.noclean", "--languages", LANGUAGES))
    return {c: sum(s["rows"] for s in manifest["shards"] if s["config"] == c) for c in configs(manifest)}


LANGUAGES = "en,de,fr,es,it,ko"


def configs(manifest):
    return sorted({shard["config"] for shard in manifest["shards"]})


def test_small_languages_are_left_out_and_named(run, languages, tmp_path):
    least = languages["de.noclean"]
    small = {config: n for config, n in languages.items() if n < least}
    assert small
    assert len(small) < len(languages) - 1
    options = ("--preset", "en.noclean", "--languages", LANGUAGES, "--min-pages", least, "--rejected", "all")
    code, out, _ = run(*options)
    assert code == 0
    manifest = manifest_of(tmp_path / "c4")
    assert manifest["left_out"] == small
    assert configs(manifest) == sorted(languages.keys() - small.keys())
    size = manifest["ledger"]["stages"][-1]
    assert (size["stage"], size["rejected"]) == ("size", {"few_pages": sum(small.values())})
    assert size["kept"] == sum(shard["rows"] for shard in manifest["shards"])
    shown = [row for row in rejected_of(tmp_path / "c4") if row["reason"] == "few_pages"]
    assert len(shown) == sum(small.values())
    assert {row["detail"] for row in shown} == {f"{config}: {n} pages" for config, n in small.items()}
    stats = json.loads((tmp_path / "c4" / "stats.json").read_text(encoding="utf-8"))
    assert stats["pages_kept"] == size["kept"]
    assert sum(stats["domains_rejected"].values()) == stats["pages_read"] - size["kept"]
    assert "left out for having too few pages: " + ", ".join(f"{c} {n}" for c, n in small.items()) in out


def test_every_kept_page_is_counted_from_the_shards(built):
    folder = built(SAMPLES, "--preset", "en.noclean", "--languages", LANGUAGES)
    texts = [text for path in folder.glob("*/*.parquet") if not path.parent.name.startswith("__")
             for text in pq.read_table(path)["text"].to_pylist()]  # fmt: skip
    stats = json.loads((folder / "stats.json").read_text(encoding="utf-8"))
    assert stats["pages_kept"] == len(texts)
    assert stats["chars_kept"] == sum(map(len, texts))
    assert stats["bytes_kept"] == sum(len(text.encode()) for text in texts)


def test_all_languages_may_be_too_small(run, small, tmp_path):
    code, out, _ = run("--preset", "en.noclean", "--min-pages", 100_000, source=small)
    assert code == 4
    assert "no page was kept" in out
    assert sum(shard["rows"] for shard in manifest_of(tmp_path / "c4")["shards"]) == 0


def test_a_shard_is_staged_for_the_trunk_that_lacks_it(run, small, monkeypatch, tmp_path):
    staged = []
    real = read.stage_unit
    monkeypatch.setattr(
        read,
        "stage_unit",
        lambda verdicts, stagers, tick: staged.append(len(stagers)) or real(verdicts, stagers, tick),
    )
    staging = ("--staging", tmp_path / "staging")
    inputs = len(list(small.iterdir()))
    assert run("--preset", "en.noclean", *staging, source=small)[0] == 0
    assert run("--preset", "en", "--overwrite", *staging, source=small)[0] == 0
    assert staged == [1] * 2 * inputs
    staged.clear()
    for corpus in sorted((tmp_path / "c4").rglob("*"), reverse=True):
        corpus.rmdir() if corpus.is_dir() else corpus.unlink()
    assert run("--preset", "en.noclean,en,en.2019,en.noblocklist", *staging, source=small)[0] == 0
    assert staged == [1] * inputs  # only what `en.2019` makes of them
