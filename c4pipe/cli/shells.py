"""What shtab's scripts lack: options with several values, file names with blanks, and `--option=value`.

shtab completes only the first value of an option. `describe_values` adds the others if the shell's language can express
it. `amended` adds the rest to a finished script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

_MOST_VALUES = 20  # of one option in zsh, whose _arguments counts them; an option may follow after each

_NOTHING = "( )"  # no values and no message in zsh, so that an option is completed there immediately

# Completers for the kinds of values in each shell. shtab recognises by "file" and "dir" in the name of a bash function
# that the results must be quoted.
_VALUES = {
    "file": {"bash": "_c4pipe_file", "zsh": "_files", "fish": "(_c4pipe_paths)"},
    "folder": {"bash": "_c4pipe_dir", "zsh": "_files -/", "fish": "(__fish_complete_directories)"},
    "": {"bash": "", "zsh": "", "fish": ""},
}

# In bash shtab calls the option's function for all following words, including other options, and passes words as
# typed, with quotes. bash itself splits --option=value into three words.
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
    """An option that takes several values: its command, its name, and the kind of its values."""

    command: str
    option: str
    kind: str


def describe_values(action: Any, kind: str, shell: str) -> None:
    """Describes the values of a parser's argument, in shtab's words.

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
    """A script of shtab, with its gaps for that shell filled."""
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
