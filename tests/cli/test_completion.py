"""`c4pipe completion`: what a shell completes is what the parsers take. bash itself is asked."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from c4pipe.cli import main, main_of
from c4pipe.cli.subcommands import SUBCOMMANDS
from c4pipe.command import asked_parser

shtab = pytest.importorskip("shtab", reason="needs shtab, which completes shells: make setup")

# Does what bash does at TAB: the words so far, the place of the one that is being typed, then what may stand there.
ASK = """
set -- {words}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
$(complete -p c4pipe | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def printed(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.fixture
def complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], set[str]]:
    """What bash offers for a line, in a folder with a file and a folder."""
    (tmp_path / "a_folder").mkdir()
    (tmp_path / "a_file").touch()
    script = printed("bash", capsys)

    def offers(words: str) -> set[str]:
        done = subprocess.run(
            ["bash", "--norc", "-c", script + ASK.format(words=words)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return {*done.stdout.split()}

    return offers


def test_bash_completes_commands_options_choices_and_files(complete: Callable[[str], set[str]]) -> None:
    assert complete("c4pipe bu") == {"build"}
    assert complete("c4pipe ''") >= {*SUBCOMMANDS}
    assert complete("c4pipe build --near-v") == {"--near-verify"}
    assert complete("c4pipe build --near-stays ''") >= {"hash", "longest"}
    assert complete("c4pipe build --input a_") == {"a_file", "a_folder"}
    assert complete("c4pipe build --output a_") == {"a_folder"}
    assert complete("c4pipe verify a_") == {"a_folder"}
    assert complete("c4pipe completion z") == {"zsh"}
    assert complete("c4pipe classifier ''") >= {"train", "quantile"}
    assert complete("c4pipe classifier train --tex") == {"--text-key"}
    assert complete("c4pipe nothing --x") == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_option_of_every_parser_is_in_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    script = printed(shell, capsys)
    for command in SUBCOMMANDS.values():
        assert command.name in script
        for words in [[branch] for branch in command.branches] or [command.words]:
            for action in asked_parser(main_of(command), words)._actions:
                options = action.option_strings if action.help != argparse.SUPPRESS else []
                assert [option for option in options if option.lstrip("-") not in script] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_read_its_script(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    (tmp_path / "script").write_text(printed(shell, capsys), encoding="utf-8")
    subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


def test_without_an_extra_its_commands_have_their_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = printed("bash", capsys)

    def found(name: str) -> ModuleType:
        if name == "model.train":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return import_module(name)

    monkeypatch.setattr("c4pipe.cli.import_module", found)
    less = printed("bash", capsys)
    assert capsys.readouterr().err == ""
    assert "c4pipe_train_option_strings=(-h --help --" in whole
    assert "c4pipe_train_option_strings=(-h --help)" in less
