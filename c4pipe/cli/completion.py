"""`c4pipe completion SHELL`: prints a script that completes commands, options and file names in a shell.

The parsers of the commands say what can be completed; shtab turns that into a script. Commands whose extra is not
installed are completed by name, without their options.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from c4pipe.cli import main_of
from c4pipe.cli.shells import Several, amended, describe_values
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
# Names of values that tell their kind.
_KINDS = {
    **dict.fromkeys(("DIR", "FOLDER", "CORPUS", "RUN", "GOOD", "BAD", "A B"), "folder"),
    **dict.fromkeys(("FILE", "PATH"), "file"),
}


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
    several: list[Several] = []
    for command in SUBCOMMANDS.values():
        if command.branches:
            branches = commands.add_parser(command.name, help=command.says).add_subparsers()
            for word in command.branches:
                options = asked_parser(main_of(command), [word])
                _add(branches, word, options.description or word, options)
                several += _described(f"{command.name} {word}", options, shell)
        else:
            found = _parser_of(command)
            _add(commands, command.name, command.says, found)
            several += _described(command.name, found, shell)
    return amended(shtab.complete(root, shell), shell, several)


def _parser_of(command: Subcommand) -> Parser | None:
    """The parser of a command; None if its extra is not installed."""
    try:
        return asked_parser(main_of(command), command.words)
    except ConfigError:
        return None


def _add(commands: Any, name: str, says: str, options: Parser | None) -> None:
    """Adds a command with the options of its parser."""
    parents = [options] if options else []
    commands.add_parser(name, help=says, parents=parents, add_help=not parents)


def _described(command: str, options: Parser | None, shell: str) -> Iterator[Several]:
    """Describes the values of the options of a command; those that take several."""
    for action in options._actions if options else ():
        if action.choices or action.nargs == 0:
            continue
        kind = _KINDS.get(str(action.metavar), "")
        describe_values(action, kind, shell)
        if action.nargs in ("+", "*"):
            yield from (Several(command, option, kind) for option in action.option_strings)
