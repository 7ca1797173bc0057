"""`c4pipe`, the command of an installed package: `c4pipe COMMAND ...` is the main of one of its modules.

    c4pipe build --input wet --output out/c4        python -m beam_jobs.build_c4 --input wet --output out/c4

`subcommands` has the table. What follows the name of a command is passed to its main unchanged.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module

from c4pipe.cli.subcommands import SUBCOMMANDS, Subcommand, help_text, spoken
from c4pipe.command import called_as, run_command, watch_start
from c4pipe.errors import ConfigError, unknown

_OURS = ("beam_jobs", "c4pipe", "model")  # a missing module of these is a bug


def console() -> int:
    """The `c4pipe` that pip installs; the exit code.

    Python searches the working folder for modules when run with `-m` or `-c`, as workers and trainers are started.
    PYTHONSAFEPATH keeps it from importing a torch.py or c4pipe.py there.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    code = main(sys.argv[1:])
    if sys.argv[1:2] == ["completion"]:  # it loads all libraries, and two of them print complaints at exit
        sys.stdout.flush()
        os._exit(code)
    return code


def main(argv: Sequence[str]) -> int:
    """Runs a command; the exit code. Without a command, prints the help."""
    name, *words = argv or ("--help",)
    if name not in SUBCOMMANDS:
        return run_command("c4pipe", lambda: _answer(name), shows=True)
    command = SUBCOMMANDS[name]
    with called_as(f"c4pipe {name}", spoken()):
        watch_start(loads=True)
        try:
            work = main_of(command)
        except ConfigError as error:
            return run_command(name, partial(_refuse, error))
        return work([*command.words, *words])


def main_of(command: Subcommand) -> Callable[[Sequence[str]], int]:
    """The main of a command. ConfigError if its extra is not installed."""
    try:
        found: Callable[[Sequence[str]], int] = import_module(command.module).main
    except ModuleNotFoundError as error:
        lacking = (error.name or "").partition(".")[0]
        if not command.extra or lacking in _OURS:
            raise
        raise ConfigError(f"needs {lacking}, which is not installed: pip install 'c4pipe[{command.extra}]'") from None
    return found


def _refuse(error: ConfigError) -> int:
    raise error


def _answer(word: str) -> int:
    """The answer to a first word that is not a command."""
    if word in ("-h", "--help", "help"):
        print(help_text())
    elif word == "--version":
        from c4pipe.cli.versions import versions_told

        print(versions_told())
    elif word.startswith("-"):
        raise ConfigError(
            f"{word} is not an option of c4pipe; options of a command go after the command. See c4pipe --help."
        )
    else:
        raise unknown("command", word, SUBCOMMANDS)
    return 0
