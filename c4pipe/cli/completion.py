"""`c4pipe completion SHELL`: prints a script that completes commands, options and file names in a shell.

The parsers of the commands say what can be completed; shtab turns that into a script. Commands whose extra is not
installed are completed by name, without their options.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from c4pipe.cli import main_of
from c4pipe.cli.subcommands import SUBCOMMANDS, Subcommand
from c4pipe.command import Parser, asked_parser, run_command
from c4pipe.errors import ConfigError

EPILOG = """\
examples:
  bash    c4pipe completion bash > ~/.local/share/bash-completion/completions/c4pipe
  zsh     c4pipe completion zsh > ~/.zfunc/_c4pipe        with fpath+=~/.zfunc before compinit in ~/.zshrc
  fish    c4pipe completion fish > ~/.config/fish/completions/c4pipe.fish

Print it again after an upgrade or after installing an extra: it lists the options of this version.
"""
SHELLS = ("bash", "zsh", "fish")
_FOLDERS, _FILES = {"DIR", "FOLDER"}, {"FILE", "PATH"}  # what the word for a value says of what it is


def main(argv: Sequence[str]) -> int:
    """Prints the script; the exit code."""
    return run_command("completion", lambda: run(_parser().parse_args(argv)), shows=True)


def run(args: argparse.Namespace) -> int:
    """The same with parsed arguments."""
    print(script(args.shell))
    return 0


def _parser() -> Parser:
    p = Parser("c4pipe completion", "Print the script that lets a shell complete c4pipe commands.", EPILOG)
    p.add_argument("shell", choices=SHELLS, help="the shell to complete in")
    return p


def script(shell: str) -> str:
    """The text of the script, made from all parsers."""
    import shtab

    root = argparse.ArgumentParser("c4pipe")
    root.add_argument("--version", action="store_true", help="the versions that determine the bytes of a corpus")
    commands = root.add_subparsers()
    for command in SUBCOMMANDS.values():
        if command.branches:
            branches = commands.add_parser(command.name, help=command.says).add_subparsers()
            for word in command.branches:
                options = asked_parser(main_of(command), [word])
                _add(branches, word, options.description or word, options)
        else:
            _add(commands, command.name, command.says, _parser_of(command))
    text: str = shtab.complete(root, shell)
    return text


def _parser_of(command: Subcommand) -> Parser | None:
    """The parser of a command; None if its extra is not installed."""
    try:
        return asked_parser(main_of(command), command.words)
    except ConfigError:
        return None


def _add(commands: Any, name: str, says: str, options: Parser | None) -> None:
    """Adds a command with the options of its parser, and with what its values are."""
    import shtab

    parents = [options] if options else []
    added = commands.add_parser(name, help=says, parents=parents, add_help=not parents)
    for action in added._actions:
        _complete(action, shtab.DIRECTORY, shtab.FILE)


def _complete(action: Any, folder: Any, file: Any) -> None:
    """Says what kind of file the value of an option is, if it is one."""
    word = action.metavar if isinstance(action.metavar, str) else ""
    if not action.choices and action.nargs != 0 and word in _FOLDERS | _FILES:
        action.complete = folder if word in _FOLDERS else file
