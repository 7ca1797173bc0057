"""`c4pipe`: which main a command is, and that whatever it says of commands can be typed."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import c4pipe.cli
from c4pipe import __version__
from c4pipe.cli import main, main_of
from c4pipe.cli.subcommands import SUBCOMMANDS, Subcommand, help_text, spoken
from c4pipe.command import Parser, as_called, asked_parser, called_as, is_command, own_name, run_command
from c4pipe.corpus.identity import LIBRARIES
from c4pipe.errors import ConfigError
from tests.wetfiles import ROOT


def test_help_fits_a_screen_and_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["--help"]) == 0
    text = help_text()
    assert capsys.readouterr().out == f"{text}\n{text}\n"
    lines = text.split("\n")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert {*SUBCOMMANDS} <= {*text.replace(",", " ").split()}


def test_help_is_there_at_once() -> None:
    """It imports none of the libraries, and no main."""
    code = "import sys; from c4pipe.cli import main; main([]); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    loaded = {name.partition(".")[0] for name in out.rpartition("\n  --version")[2].split()}
    assert not loaded & {"apache_beam", "beam_jobs", "model", "numpy", "pyarrow", "torch", "shtab", "rich"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["biuld"], "c4pipe: unknown command 'biuld'. Did you mean 'build'? Known: build, "),
        (["--preset", "en"], "c4pipe: --preset is not an option of c4pipe; options of a command go after the command."),
        (["build"], "c4pipe build: the following arguments are required: --input, --output. See --help.\n"),
        (["browse"], "c4pipe browse: the following arguments are required: DIR. See --help.\n"),
        (["classifier", "trian"], "c4pipe classifier: unknown command 'trian'. Did you mean 'train'?"),
        (["inspect", "nowhere"], "c4pipe inspect: nowhere holds no finished corpus: it does not exist.\n"),
        (["inspect", __file__], f"c4pipe inspect: {__file__} is a file; give the folder of a corpus.\n"),
        (["verify", __file__], f"c4pipe verify: {__file__} is a file; give the folder of a corpus, a mixture or"),
    ],
)
def test_wrong_use_is_a_line_under_the_name_that_was_typed(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(said), told.err
    assert told.err.count("\n") == 1


def test_what_an_error_advises_can_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tmp_path)]) == 2
    assert "it has no manifest.json. Build one: c4pipe build.\n" in capsys.readouterr().err
    assert importlib.import_module("c4pipe.inspect.__main__").main([str(tmp_path)]) == 2
    assert "it has no manifest.json. Build one: make build-c4.\n" in capsys.readouterr().err


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_command_has_a_main_whose_help_bears_its_name(name: str) -> None:
    command = SUBCOMMANDS[name]
    with called_as(f"c4pipe {name}", spoken()):
        text = asked_parser(main_of(command), command.words).format_help()
        assert as_called(text) == text
    assert text.startswith(f"usage: c4pipe {name} ")
    for example in text.partition("examples:")[2].partition("\n\n")[0].splitlines():
        called = example.partition("c4pipe ")[2].split(" ")[0]
        assert called in ("", *SUBCOMMANDS), example


def test_the_viewer_shows_only_options_that_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with called_as("c4pipe browse", spoken()):
        browse = asked_parser(main_of(SUBCOMMANDS["browse"]), ["--serve"])
        assert "c4pipe browse out/c4 --compare out/other" in browse.format_help()
    inspect = asked_parser(main_of(SUBCOMMANDS["inspect"]), [])
    for action in inspect._actions:
        option = action.option_strings[0] if action.option_strings else ""
        shown = option in {word for one in browse._actions for word in one.option_strings}
        value = {"--sample": "5", "--limit": "5", "--port": "0"}.get(option, "x")
        if option.startswith("--") and option != "--help":
            words = [option] if action.nargs == 0 else [option, value]
            assert main(["browse", "nowhere", *words]) == 2
            refused = "unrecognized arguments: --" in capsys.readouterr().err
            assert refused is not shown, option


def test_fixed_words_stand_in_front_of_those_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[list[str]] = []
    monkeypatch.setattr("c4pipe.inspect.__main__.main", lambda argv: got.append(argv) or 7)
    assert main(["browse", "out/c4", "--port", "0"]) == 7
    assert main(["inspect", "out/c4", "--", "--help"]) == 7
    assert got == [["--serve", "out/c4", "--port", "0"], ["out/c4", "--", "--help"]]


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(c4pipe.cli, "import_module", lambda _: missing("torch.nn"))
    assert main(["train", "--help"]) == 2
    assert capsys.readouterr().err == (
        "c4pipe train: needs torch, which is not installed: pip install 'c4pipe[train]'\n"
    )
    with pytest.raises(ModuleNotFoundError):  # the package is not whole
        main(["build", "--help"])
    monkeypatch.setattr(c4pipe.cli, "import_module", lambda _: missing("model.config"))
    with pytest.raises(ModuleNotFoundError):
        main(["train", "--help"])


def test_without_torch_the_trainer_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; from c4pipe.cli import main; sys.exit(main(['score', '--help']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr == "c4pipe score: needs torch, which is not installed: pip install 'c4pipe[train]'\n"


def test_versions_are_those_that_a_manifest_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    told = dict(line.split(" ") for line in capsys.readouterr().out.splitlines())
    assert [*told][:2] == ["c4pipe", "python"]
    assert told["c4pipe"] == __version__
    assert {*LIBRARIES} <= {*told}


def test_a_name_holds_while_its_command_runs(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise ConfigError("see python -m model.train, or python -m model.training; `make assets`.")

    assert not is_command()
    with called_as("c4pipe x", {"python -m model.train": "c4pipe train"}):
        assert is_command()
        assert own_name("x") == "c4pipe x"
        run_command("x", fail)
    assert own_name("x") == "x"
    run_command("x", fail)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "c4pipe x: see c4pipe train, or python -m model.training; `make assets`."
    assert second == "x: see python -m model.train, or python -m model.training; `make assets`."


@given(st.text(), st.sampled_from(sorted(spoken())), st.text(alphabet=" \n`,;:!'\"()"))
def test_only_commands_change(text: str, said: str, end: str) -> None:
    assert as_called(text) == text
    with called_as("c4pipe", spoken()):
        typed = as_called(f"{text}\n{said} {end}")
        assert typed.endswith(f"{spoken()[said]} {end}")
        assert as_called(typed) == typed


def test_a_main_without_a_parser_is_a_bug() -> None:
    with pytest.raises(TypeError, match="parses its arguments by no Parser"):
        asked_parser(lambda _: 0)
    assert isinstance(asked_parser(lambda words: Parser("python -m x", "X.").parse_args(words)), Parser)


def test_a_table_declares_each_once() -> None:
    mains = [(command.module, command.words) for command in SUBCOMMANDS.values()]
    assert len({*mains}) == len(mains)
    assert all(isinstance(command, Subcommand) and name == command.name for name, command in SUBCOMMANDS.items())
