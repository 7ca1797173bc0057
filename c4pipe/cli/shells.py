"""What shtab's scripts lack: options with several values, names of files with blanks, and `--option=value`.

shtab completes only the first value of an option. `describe_values` adds the others if the language of a shell can say
so. `amended` adds to a finished script what else is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

_MOST_VALUES = 20  # of one option in zsh, whose _arguments counts them; behind each an option may follow

_NOTHING = "( )"  # no values and no message in zsh, so that an option is completed there at once

# What completes the values of a kind in each shell. shtab knows by "file" and "dir" in the name of a bash function that
# what it offers must be quoted.
_VALUES = {
    "file": {"bash": "_c4pipe_file", "zsh": "_files", "fish": "(_c4pipe_paths)"},
    "folder": {"bash": "_c4pipe_dir", "zsh": "_files -/", "fish": "(__fish_complete_directories)"},
    "": {"bash": "", "zsh": "", "fish": ""},
}

# In bash shtab asks the function of an option for all words behind it, other options included, and passes on words as
# they are typed, with quotes. bash itself splits --option=value in three words.
_BASH = r"""
_c4pipe_offer() {  # $1: compgen's letter; $2: the word
  if [[ $completing_word == -* ]]; then
    compgen -W "${current_option_strings[*]}" -- "$completing_word"
  else
    local word=${2#[\"\']}
    compgen "$1" -- "${word//\\/}"
  fi
}
_c4pipe_file() { _c4pipe_offer -f "$1"; }
_c4pipe_dir() { _c4pipe_offer -d "$1"; }
_c4pipe() {
  local word words=() last=${COMP_WORDS[COMP_CWORD]}
  for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
    [[ $word == = ]] || words+=("$word")
  done
  COMP_WORDS=("${words[@]}" "${last#=}") COMP_CWORD=${#words[@]}
  _shtab_c4pipe
}
complete -o bashdefault -F _c4pipe c4pipe"""

_FISH = r"""
function _c4pipe_paths  # fish's own for names of files, which knows quotes
  complete -C "'' "(commandline -ct)
end

# Whether the last option typed is one of these.
function _c4pipe_after
  set -l last
  for word in (commandline -opc)
    string match -q -- '-*' $word; and set last $word
  end
  contains -- "$last" $argv
end"""


class Several(NamedTuple):
    """An option that takes several values: the command that has it, its name, and what its values are."""

    command: str
    option: str
    kind: str


def describe_values(action: Any, kind: str, shell: str) -> None:
    """Says of an argument of a parser what its values are, in shtab's words.

    Args:
        action: an argument, as argparse has it, that takes a value and has no choices.
        kind: "file" or "folder", or "" for anything else.
    """
    values = _VALUES[kind][shell]
    if shell == "zsh" and action.option_strings:
        word = action.metavar or action.dest
        if action.nargs in ("+", "*"):
            values += f"::{word}:{values or _NOTHING}" * (_MOST_VALUES - 1)
        elif action.nargs == "?":
            action.metavar = f":{word}"
            values = values or _NOTHING
    action.complete = {shell: values}


def amended(script: str, shell: str, options: Iterable[Several]) -> str:
    """A script of shtab, with what it lacks in that shell."""
    if shell == "bash":
        return script + _BASH
    if shell == "zsh":
        with_values = re.sub(r'^(  "--[\w-]+)(?=\[.*\]:[^:])', r"\1=", script, flags=re.MULTILINE)
        return re.sub(r'^  "\(\*\)::?', '  "*:', with_values, flags=re.MULTILINE)  # any number of words
    further = (
        f'complete -c c4pipe -n "_shtab_c4pipe_using {one.command}; and _c4pipe_after {one.option}" '
        f'-ka "{_VALUES[one.kind][shell]}"'
        for one in options
        if one.kind
    )
    return "\n".join([script, _FISH, *further])
