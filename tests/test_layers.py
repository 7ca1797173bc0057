"""The allowed imports as data: which package may import which, and where each library may be used.

A new package in c4pipe/ needs a place in FLOORS; a new allowed import needs a reason.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A room is a module or folder of c4pipe, or a folder beside it. It imports from the floors below its own, and nothing
# from its own floor but what NEIGHBOURS allows.
FLOORS = (
    ("page", "errors"),  # what flows
    ("part",),  # what a preset is made of
    (
        "private",
        "scratch",
        "disk",
        "own",
    ),  # folders of ours alone or of a process; a disk; a user's modules
    ("native",),  # loops as machine code
    ("text", "languages", "progress", "fasttext", "tokenizer"),  # text as such, names of languages, models of others
    ("command",),  # what a command is told, where it speaks, how it ends
    ("files",),  # files as such, and those that rules read
    ("wet", "rules", "langid", "dedup", "benchmarks", "shards", "fetch", "keys", "pii"),  # reading; judging; the disk
    ("clean", "mixture", "documents", "html", "robots", "textindex"),
    ("stages",),
    ("recipes",),  # presets of others
    ("presets",),
    ("corpus",),  # what a corpus is: its plan, its catalogue, its counts
    ("passes", "card"),  # the passes over a shard, and what is said of the whole
    ("facts",),  # what is known of finished corpora: their pages, the fates of these, verdicts on the whole
    ("inspect", "verify", "rebalance", "removal"),  # looking, checking, mixing, and taking pages out
    ("compare", "passages", "push", "tokens"),  # comparing, counting passages; publishing; tokens for others
    ("flow", "classifier"),  # Beam; classifiers that are trained on two corpora
    ("beam_jobs",),
    ("cli",),  # `c4pipe`: it loads a main by its name, and imports none
)
NEIGHBOURS = {
    ("passes", "card"),  # finalize writes it
    ("inspect", "removal"),  # the log of removals says why a page is not here
}
# The disk is the contract.
ONLY = {
    "model": {
        "shards", "mixture", "errors", "command", "text", "languages", "langid", "progress", "private", "scratch",
        "disk", "keys", "own", "pii", "textindex", "facts",
    },
    # Famous recipes: they are made of what anybody's own are, and nobody uses them.
    "examples": {"dedup", "rules", "langid", "languages", "stages", "beam_jobs", "model"},
}  # fmt: skip

# Library -> rooms, or single modules, that may import it. Others may be seen anywhere above the ground floor.
LIBRARIES = {
    "apache_beam": {"flow", "beam_jobs"},
    "brotli": {"html"},
    "duckdb": {"facts", "inspect", "card/summary/content"},
    "fasttext": {"classifier"},
    "huggingface_hub": {"push"},
    "jinja2": {"inspect", "card/standalone", "card/summary/page"},
    "langdetect": {"langid"},
    "llvmlite": {"native"},
    "matplotlib": {"rebalance/picture", "compare", "model"},
    "mmh3": {"text", "files/sealed", "keys/file"},
    "nltk": {"text"},
    "numba": {"native"},
    "phonenumbers": {"pii"},
    "pyarrow": {
        "files/lists", "wet/zstds", "shards", "documents", "passes", "card", "dedup/urls", "flow", "rebalance",
        "removal", "stages/benchmarks", "classifier", "facts", "inspect", "verify", "compare", "passages", "push",
        "textindex", "tokens", "model",
    },
    "re2": {"rules", "model"},
    "resiliparse": {"html"},
    "rouge_score": {"model"},
    "sacrebleu": {"model"},
    "safetensors": {"model"},
    "sentencepiece": {"model", "tokenizer"},
    "sentencex": {"text"},
    "shtab": {"cli"},
    "starlette": {"inspect"},
    "stdnum": {"pii"},
    "tensorboard": {"model"},
    "tldextract": {"text"},
    "tokenizers": {"tokenizer"},
    "torch": {"model"},
    "uvicorn": {"inspect"},
}  # fmt: skip

LONGEST = 300  # lines of a module
LONGER: dict[str, str] = {}  # module -> why it may be longer

FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("c4pipe", "beam_jobs", "model", "examples")
    for path in (ROOT / folder).rglob("*.py")
)
HEIGHT = {room: height for height, floor in enumerate(FLOORS) for room in floor}


def room_of(module: str) -> str:
    """`c4pipe.wet.pages` is in wet, `model.data` in model; `c4pipe` itself is nowhere."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] if first == "c4pipe" else first


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(path: str, source: str) -> Iterator[tuple[int, str]]:
    """(line, module) for every import of a file, wherever it stands."""
    package = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            if module == "c4pipe":  # from c4pipe import shards
                yield from ((node.lineno, f"c4pipe.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module


def offences(path: str, source: str) -> list[str]:
    """What a file imports and must not, as `file:line: room -> module`."""
    room = room_of(module_of(path))
    places = {room, path.removesuffix(".py").removeprefix("c4pipe/")}
    found = []
    for line, module in imports(path, source):
        top = module.partition(".")[0]
        if top in ("c4pipe", "beam_jobs", "model", "examples"):
            allowed = _may(room, room_of(module))
        elif top in sys.stdlib_module_names:
            allowed = True
        else:
            allowed = HEIGHT.get(room) != 0 and bool(LIBRARIES.get(top, places) & places)
        if not allowed:
            found.append(f"{path}:{line}: {room or 'c4pipe'} -> {module}")
    return found


def _may(room: str, other: str) -> bool:
    if other not in HEIGHT and other not in ONLY:
        return other.startswith("__")  # from c4pipe import __version__
    if room == other or (room, other) in NEIGHBOURS:
        return True
    if room in ONLY:
        return other in ONLY[room]
    return other in HEIGHT and HEIGHT[other] < HEIGHT.get(room, 0)


@pytest.mark.parametrize("path", FILES)
def test_a_room_imports_from_the_floors_below_it_only(path: str) -> None:
    assert offences(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", FILES)
def test_every_room_has_a_place_in_the_house(path: str) -> None:
    room = room_of(module_of(path))
    assert room in HEIGHT or room in ONLY or path == "c4pipe/__init__.py", f"give {room!r} a place in FLOORS"


@pytest.mark.parametrize(
    ("path", "source", "arrow"),
    [
        ("c4pipe/page.py", "import numpy", "page -> numpy"),
        ("c4pipe/page.py", "from c4pipe.errors import C4Error", "page -> c4pipe.errors"),
        ("c4pipe/errors.py", "import c4pipe.text", "errors -> c4pipe.text"),
        ("c4pipe/__init__.py", "from c4pipe.page import Page", "c4pipe -> c4pipe.page"),
        ("c4pipe/rules/lines.py", "from c4pipe.stages import Clean", "rules -> c4pipe.stages"),
        ("c4pipe/rules/lines.py", "from c4pipe import corpus", "rules -> c4pipe.corpus"),
        ("c4pipe/rules/lines.py", "from ..wet import read_wet", "rules -> c4pipe.wet"),
        ("c4pipe/wet/pages.py", "from c4pipe.rules import RULES", "wet -> c4pipe.rules"),
        ("c4pipe/wet/pages.py", "from c4pipe.flow.files import Input", "wet -> c4pipe.flow.files"),
        ("c4pipe/langid/cld3.py", "from c4pipe.dedup.lines import LineLevel", "langid -> c4pipe.dedup.lines"),
        ("c4pipe/dedup/spans.py", "from c4pipe.langid import load", "dedup -> c4pipe.langid"),
        ("c4pipe/dedup/lines.py", "import pyarrow.compute", "dedup -> pyarrow.compute"),
        ("c4pipe/corpus/plan.py", "import apache_beam as beam", "corpus -> apache_beam"),
        ("c4pipe/presets.py", "def f():\n    import nltk.data", "presets -> nltk.data"),
        ("c4pipe/corpus/stats.py", "from c4pipe.passes.finalize import Part", "corpus -> c4pipe.passes.finalize"),
        ("c4pipe/flow/read.py", "from beam_jobs.build_c4 import main", "flow -> beam_jobs.build_c4"),
        ("c4pipe/flow/read.py", "import torch", "flow -> torch"),
        ("c4pipe/stages/__init__.py", "import model.config", "stages -> model.config"),
        ("model/data.py", "from c4pipe.presets import EN", "model -> c4pipe.presets"),
        ("model/data.py", "import apache_beam", "model -> apache_beam"),
        ("beam_jobs/build_c4.py", "from model import train", "beam_jobs -> model"),
        ("beam_jobs/build_c4.py", "from examples.c4 import C4", "beam_jobs -> examples.c4"),
    ],
)
def test_a_forbidden_arrow_is_named_with_its_file_and_line(path: str, source: str, arrow: str) -> None:
    line = 1 + source.count("\n") + 1
    assert offences(path, f"import os\n{source}\n") == [f"{path}:{line}: {arrow}"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("c4pipe/rules/lines.py", "from c4pipe.rules.base import LineRule\nfrom . import base\nimport re2"),
        ("c4pipe/files/assets.py", "from c4pipe import __version__\nfrom c4pipe.text.urls import url_key"),
        ("c4pipe/dedup/urls.py", "import pyarrow as pa"),
        ("c4pipe/flow/read.py", "import apache_beam\nimport pyarrow.parquet\nfrom c4pipe.wet import read_wet"),
        ("beam_jobs/build_c4.py", "from c4pipe.flow.build import BuildCorpus\nimport beam_jobs.arguments"),
        ("model/data.py", "import torch\nfrom c4pipe.shards import read_manifest\nimport model.config"),
    ],
)
def test_an_arrow_that_points_down_is_fine(path: str, source: str) -> None:
    assert offences(path, source) == []


def test_siblings_do_not_know_each_other() -> None:
    """What judges, reads, identifies and compares pages can be used without the rest."""
    siblings = {"wet", "rules", "langid", "dedup", "benchmarks", "keys"}
    assert len({HEIGHT[room] for room in siblings}) == 1
    assert not [arrow for arrow in NEIGHBOURS if siblings & {*arrow}]


def test_a_room_stands_on_one_floor() -> None:
    assert len(HEIGHT) == sum(map(len, FLOORS))
    assert all(HEIGHT[room] == HEIGHT[other] for room, other in NEIGHBOURS)


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_importing_the_package_imports_nothing_else_of_it() -> None:
    code = "import sys; before = set(sys.modules); import c4pipe; print(sorted(set(sys.modules) - before))"
    assert run(code) == "['c4pipe']\n"


def test_every_room_below_the_flow_does_without_beam_and_torch() -> None:
    modules = [module_of(path) for path in FILES if path.startswith("c4pipe/") and not path.startswith("c4pipe/flow/")]
    code = f"import sys; sys.modules['apache_beam'] = sys.modules['torch'] = None\nimport {', '.join(modules)}"
    assert run(code) == ""


@pytest.mark.parametrize("path", FILES)
def test_a_module_is_short_enough_to_read(path: str) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").count("\n")
    assert lines < LONGEST or path in LONGER, f"{lines} lines: a noun is missing"


@pytest.mark.parametrize("path", LONGER)
def test_an_exception_is_needed(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8").count("\n") >= LONGEST
