"""What every command of the project shares: its options, its output streams, and its exit codes."""

from c4pipe.command.arguments import (
    Parser,
    asked_parser,
    count,
    positive,
    refuse_idle,
    share,
    similarity,
    utf8,
    utf8_path,
    whole,
)
from c4pipe.command.calling import as_called, called_as, own_name
from c4pipe.command.ending import memory_limit, run_command, shortage
from c4pipe.command.holding import held_back, is_command, spare_pandas
from c4pipe.command.speech import Speech, heard
from c4pipe.command.starting import watch_start

__all__ = [
    "Parser",
    "Speech",
    "as_called",
    "asked_parser",
    "called_as",
    "count",
    "heard",
    "held_back",
    "is_command",
    "memory_limit",
    "own_name",
    "positive",
    "refuse_idle",
    "run_command",
    "share",
    "shortage",
    "similarity",
    "spare_pandas",
    "utf8",
    "utf8_path",
    "watch_start",
    "whole",
]
