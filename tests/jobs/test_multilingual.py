"""mC4: `--preset multilingual`, and its language identifiers."""

import json
from collections import Counter

import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4
from c4pipe.langid.base import UND
from c4pipe.languages.codes import MC4
from tests.wetfiles import ROOT, digests, manifest_of, rows

SAMPLES = ROOT / "data_samples"
WORLD = {  # host of data_samples/pages/world-*.txt -> language
    "www.almina.example": "ar", "www.hlaspodhuri.example": "cs", "www.flussbote.example": "de",
    "www.ormosnea.example": "el", "www.correodelvalle.example": "es", "www.rudkhaneh.example": "fa",
    "www.rantakyla.example": "fi", "www.deuxrives.example": "fr", "www.nadisamachar.example": "hi",
    "www.kabarpesisir.example": "id", "www.vocedellago.example": "it", "www.minatoshinpo.example": "ja",
    "www.gangmaeul.example": "ko", "www.dijkpost.example": "nl", "www.echodoliny.example": "pl",
    "www.jornaldaribeira.example": "pt", "www.zarechye.example": "ru", "www.skargardsbladet.example": "sv",
    "www.habariziwa.example": "sw", "www.rimnam.example": "th", "www.kiyipostasi.example": "tr",
    "www.holospolissya.example": "uk", "www.benhsong.example": "vi", "www.hewan.example": "zh",
}  # fmt: skip


@pytest.fixture
def run(badwords, tmp_path, capsys):
    def call(*options):
        arguments = ["--input", str(SAMPLES), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords)]
        code = build_c4.main([*arguments, "--workers", "1", "--preset", "multilingual", *map(str, options)])
        return code, capsys.readouterr().err.splitlines()

    return call


@pytest.fixture(scope="module")
def corpus(built):
    return built(SAMPLES, "--preset", "multilingual", "--rejected", "all")


def test_every_page_of_the_samples_is_in_its_language(corpus):
    found = {row["url"]: row["language"] for row in rows(corpus)}
    checked = Counter()
    for url, language in found.items():
        host = url.split("/")[2]
        if host in WORLD:
            assert language == WORLD[host], url
            checked[language] += 1
    assert set(checked) == set(WORLD.values())


def test_each_language_is_a_folder_with_train_and_validation(corpus):
    manifest = manifest_of(corpus)
    splits = {(shard["config"], shard["split"]) for shard in manifest["shards"]}
    assert {config for config, _ in splits} <= {*MC4, UND}
    assert {config for config, split in splits if split == "validation"} >= {"en", "de", "fr", "ru", "ko", "ja", "zh"}
    for shard in manifest["shards"]:
        table = pq.read_table(corpus / shard["path"], partitioning=None)
        assert set(table["language"].to_pylist()) == {shard["config"]}


def test_und_is_kept_as_a_subset_of_its_own(corpus):
    (row,) = [row for row in rows(corpus) if row["language"] == UND]
    assert row["url"] == "https://oddities.example/language/departures"
    assert row["language_score"] == 0.0


def test_the_votes_are_in_the_shards_and_counted(corpus):
    stats = json.loads((corpus / "stats.json").read_text(encoding="utf-8"))
    votes, scripts = Counter(), Counter()
    for row in rows(corpus):
        said = dict(vote.split(":")[:2] for vote in row["language_votes"].split())
        if said:
            scripts[row["language"], said.pop("script")] += 1
            votes[row["language"], " ".join(f"{by}={label}" for by, label in said.items())] += 1
    assert {(a, b): n for a, counts in stats["votes"].items() for b, n in counts.items()} == votes
    assert {(a, b): n for a, counts in stats["scripts"].items() for b, n in counts.items()} == scripts
    assert scripts["ru", "Cyrl"] > 0
    assert scripts["de", "Latn"] == sum(n for (language, _), n in scripts.items() if language == "de")


def test_languages_are_written_as_asked_and_und_only_when_asked(run, corpus, tmp_path):
    assert run("--languages", "de,ko")[0] == 0
    manifest = manifest_of(tmp_path / "c4")
    assert {shard["config"] for shard in manifest["shards"]} == {"de", "ko"}
    whole = {row["url"]: row for row in rows(corpus) if row["language"] in ("de", "ko")}
    assert {row["url"]: row for row in rows(tmp_path / "c4")} == whole
    (language,) = [stage for stage in manifest["ledger"]["stages"] if stage["stage"] == "language"]
    assert language["rejected"].keys() == {"no_language", "other_language"}


def test_more_languages_later_need_no_second_reading(run, corpus, tmp_path, monkeypatch):
    from c4pipe.flow.files import BeamStore

    assert run("--languages", "de,ko", "--staging", tmp_path / "staging")[0] == 0
    monkeypatch.setattr(BeamStore, "open_input", lambda *_: pytest.fail("an input is read again"))
    assert run("--languages", "de,ko,fr", "--staging", tmp_path / "staging", "--overwrite")[0] == 0
    wanted = sorted(row["url"] for row in rows(corpus) if row["language"] in ("de", "ko", "fr"))
    assert sorted(row["url"] for row in rows(tmp_path / "c4")) == wanted


def test_beside_english_c4_in_one_reading(badwords, built, corpus, tmp_path):
    arguments = ["--input", str(SAMPLES), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords)]
    arguments += ["--workers", "1", "--rejected", "all"]
    assert build_c4.main([*arguments, "--preset", "en,multilingual", "--languages", "en"]) == 0
    assert digests(tmp_path / "c4" / "en") == digests(built(SAMPLES, "--rejected", "all"))
    english = sorted(row["url"] for row in rows(corpus) if row["language"] == "en")
    assert sorted(row["url"] for row in rows(tmp_path / "c4" / "multilingual")) == english


@pytest.mark.soak
def test_two_workers_give_the_same_bytes(run, corpus, tmp_path):
    assert run("--rejected", "all", "--workers", "2")[0] == 0
    assert digests(tmp_path / "c4") == digests(corpus)


@pytest.mark.parametrize("name", ["fasttext", "cld2", "langdetect"])
def test_another_identifier_for_the_languages_that_it_knows(run, tmp_path, name):
    assert run("--langid", name)[0] == 0
    manifest = manifest_of(tmp_path / "c4")
    assert manifest["identifiers"][0]["identifier"] == name
    found = {row["url"].split("/")[2]: row["language"] for row in rows(tmp_path / "c4")}
    assert found["www.zarechye.example"] == "ru"
    if name == "langdetect":
        assert len(manifest["settings"]["languages"]) < 60


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--langid", "cld4"), ["unknown language identifier 'cld4'", "Did you mean 'cld3'"]),
        (("--langid", "fasttext:/no/such.bin"), ["/no/such.bin"]),
        (("--languages", "de,qqq"), ["qqq", "consensus"]),
        (("--langid", "langdetect", "--languages", "de,yo"), ["yo", "langdetect"]),
        (("--min-pages", "-1"), ["--min-pages", "whole number"]),
    ],
)
def test_wrong_use(run, tmp_path, options, words):
    code, (line,) = run(*options)
    assert code == 2
    assert all(word in line for word in words), line
    assert not (tmp_path / "c4").exists()
