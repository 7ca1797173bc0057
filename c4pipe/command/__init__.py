"""What every command of the project shares: its options, where it speaks, and how it ends."""

from c4pipe.command.arguments import Parser, count, positive, utf8, utf8_path, whole
from c4pipe.command.ending import run_command, shortage
from c4pipe.command.speech import Speech, heard

__all__ = ["Parser", "Speech", "count", "heard", "positive", "run_command", "shortage", "utf8", "utf8_path", "whole"]
