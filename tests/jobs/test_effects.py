"""An option without effect is refused, in one line that says why and what to do. Defaults do not count as given."""

from __future__ import annotations

from pathlib import Path

import pytest

from beam_jobs import build_c4, rebalance
from bench.outside import ROOT
from c4pipe.command import Parser, refuse_idle
from c4pipe.errors import ConfigError
from c4pipe.inspect.arguments import parse as parse_inspect
from c4pipe.presets import EN
from c4pipe.stages import Preset

SILENT = Preset("silent", "asks for no language", (EN.stages[0], EN.stages[2]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.wet").write_text("")
    (tmp_path / "urls.txt").write_text("http://a.example/\n")
    (tmp_path / "domains.json").write_text('{"a.com": true}')
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en.txt").write_text("darn\n")
    (tmp_path / "sizes.txt").write_text("12 other.wet\n")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--preset en --url-list urls.txt", "--url-list has no effect: no stage of preset en reads a list of URLs"),
        ("--preset en,en.2019 --url-list urls.txt", "no stage of the presets en, en.2019 reads a list of URLs"),
        ("--preset en --news-domains domains.json", "--news-domains has no effect"),
        ("--preset en.noblocklist --badwords-dir words", "--badwords-dir has no effect"),
        ("--preset en.noclean,en.noblocklist --badwords-dir words", "--badwords-dir has no effect"),
        ("--root http://a.example", "--root has no effect: it is the base of the paths in"),
        ("--sizes sizes.txt", "--sizes sizes.txt names none of the inputs"),
        ("--dry-run --overwrite", "--overwrite has no effect: --dry-run writes nothing"),
        ("--dry-run --fresh", "--fresh has no effect"),
        ("--dry-run --max-bad-share 0.1", "--max-bad-share has no effect"),
        (
            "--staging c4/work",
            "--staging c4/work is inside --output c4,",
        ),
        ("--staging x/../c4/work", "--staging x/../c4/work is inside --output c4"),
        (
            "--staging gs://bucket/x --spill-rows 5",
            "--spill-rows has no effect: rows can only be spilled to files on this mac",
        ),
        (
            "--no-keys --restorable no",
            "--restorable has no effect: restoring pages needs the keys that --no-keys leaves out",
        ),
        (
            f"--preset {__name__}:SILENT --restorable no",
            "--restorable has no effect: no stage of preset silent deduplicates",
        ),
        (
            f"--preset {__name__}:SILENT --langid cld2",
            "--langid has no effect: no stage of preset silent identifies the",
        ),
        (f"--preset {__name__}:SILENT --languages de", "--languages has no effect"),
        (f"--preset {__name__}:SILENT --min-pages 5", "--min-pages has no effect"),
    ],
)
def test_it_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: str, said: str
) -> None:
    monkeypatch.chdir(folder)
    assert build_c4.main(["--input", "x.wet", "--output", "c4", *options.split()]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (folder / "c4").exists()


@pytest.mark.parametrize(
    "options",
    [
        "--preset en,webtextlike --url-list urls.txt --badwords-dir words",  # it serves one of them
        "--preset realnewslike --news-domains domains.json",
        "--languages en",  # it could be another one
        "--dry-run --rejected all --shards 3 --strict --keep-staging --workers 1 --limit-pages 5 --staging work",
    ],
)
def test_what_serves_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch, options: str) -> None:
    monkeypatch.chdir(folder)

    def reached(*_: object) -> None:
        raise ConfigError("the inputs are looked for")

    monkeypatch.setattr(build_c4, "find_inputs", reached)
    with pytest.raises(ConfigError, match="the inputs are looked for"):
        build_c4.run(*build_c4.parse(["--input", "x.wet", "--output", "c4", *options.split()]))


def test_a_default_is_no_option_given() -> None:
    parser = Parser("x", "")
    parser.add_argument("--seed", default=3)
    parser.add_argument("--flag", action="store_true")
    parser.add_argument("rest", nargs="*")
    for words, given in (
        ([], set()),
        (["--seed", "3"], {"--seed"}),
        (["--seed=3", "--flag"], {"--seed", "--flag"}),
        (["--", "--seed"], set()),
        (["seed"], set()),
    ):
        parser.parse_args(words)
        assert parser.given == given
    refuse_idle({"--seed"}, ("--flag", False, "never"), ("--seed", True, "never"))
    with pytest.raises(ConfigError, match="--seed has no effect: nothing is drawn"):
        refuse_idle({"--seed"}, ("--seed", False, "nothing is drawn. Leave it out."))


def test_kept_pages_left_at_no_stage() -> None:
    with pytest.raises(ConfigError, match="--stage has no effect"):
        parse_inspect(["c4", "--reason", "kept", "--stage", "clean"])


def test_make_gives_no_option_that_nobody_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`make rebalance ARGS='--mixture equal'` was refused for the alpha that make gave."""
    recipe = (ROOT / "Makefile").read_text()
    assert "\nALPHA ?=\n" in recipe
    assert recipe.count("--alpha $(ALPHA)") == recipe.count("$(if $(ALPHA),--alpha $(ALPHA))") == 1
    assert rebalance.main(["--corpus", str(tmp_path), "--output", str(tmp_path / "m"), "--mixture", "equal"]) == 2
    assert "alpha" not in capsys.readouterr().err
