"""c4pipe.corpus.code: deciding code is found, changes of it are named, and changes of layout are ignored."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.corpus.closure import closure
from c4pipe.corpus.code import changed, code_of, digest_of_class, libraries_of
from c4pipe.corpus.source import digest_of_source, read_source
from c4pipe.errors import ConfigError
from c4pipe.presets import EN
from c4pipe.rules import EndMark, MinWords

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("c4pipe/**/*.py"))

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes modules into a folder from which they can be imported: `a__b` is a/b.py, `a____init__` a/__init__.py."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(**sources: str) -> Path:
        for name, source in sources.items():
            path = tmp_path / (
                name.replace("____init__", "/INIT").replace("__", "/").replace("INIT", "__init__") + ".py"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source), encoding="utf-8")
        importlib.invalidate_caches()
        return tmp_path

    yield write  # type: ignore[misc]
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


def below(folder: Path, found: dict[str, Path]) -> dict[str, str]:
    return {name: path.relative_to(folder).as_posix() for name, path in found.items()}


# The digest of a source


RULE = '''
"""A module."""
import re
from my_words import LISTED  # a comment

class Rule(Base):
    """Says what."""

    words: int = 5
    share = -0.0

    @property
    def breaks(self, line: str, *, most=1) -> bool:
        """Whether."""
        return len(line.split()) < self.words and f"{line:>{most}}!" not in {"a", "b"}
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # a comment", ""),
        ('"""A module."""\n', ""),
        ('    """Says what."""\n', '    """Says something else.\n\n    At length."""\n'),
        ('        """Whether."""\n', ""),
        ("words: int = 5\n", 'words: int = 5\n    """At least that many."""\n'),
        ("words: int = 5", "words:int=5"),
        ("words: int = 5", "words: int = (0x5)"),
        ("import re\n", "import re;"),
        ('{"a", "b"}', "{'\\x61', 'b',}"),
        ("return len", "return \\\n  len"),
        ("import re\n", "\n\n\nimport re\n\n"),
        ("\n", "\r\n"),
        ("import re", "# -*- coding: utf-8 -*-\nimport re"),
    ],
)
def test_what_only_looks_different_has_the_same_digest(old: str, new: str) -> None:
    assert old in RULE
    assert digest_of_source(RULE.replace(old, new)) == digest_of_source(RULE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("words: int = 5", "words: int = 6"),
        ("words: int = 5", "words: int = 5.0"),
        ("words: int = 5", "words: float = 5"),
        ("words: int = 5", "words = 5"),
        ("words: int = 5", "words: int = '5'"),
        ("words: int = 5", "words: int = b'5'"),
        ("share = -0.0", "share = 0.0"),
        ("share = -0.0", "share = -0j"),
        ("share = -0.0", "share = None"),
        ("share = -0.0", "share = 'None'"),
        ("most=1", "most=True"),
        ("most=1", "most=1.0"),
        ("most=1", "most"),
        ("*, most", "most"),
        ("*, most=1", "*most"),
        ("@property\n", "@cached_property\n"),
        ("    @property\n", ""),
        ("def breaks", "async def breaks"),
        ("line: str, ", "line: str, /, "),
        ("<", "<="),
        (" and ", " or "),
        ("not in", "in"),
        ("self.words", "words"),
        ("line.split()", "line.split"),
        ("line.split()", "line.split('')"),
        ("{line:>", "{line!r:>"),
        ("{line:>", "{line:<"),
        ('!"', '?"'),
        ('f"{', '"{'),
        ('{"a", "b"}', '{"b", "a"}'),
        ('{"a", "b"}', '["a", "b"]'),
        ('{"a", "b"}', '{"a": "b"}'),
        ('{"a", "b"}', '{"ab"}'),
        ("(Base)", ""),
        ("(Base)", "(metaclass=Base)"),
        ("import re", "import re as regex"),
        ("from my_words", "from .my_words"),
        ("LISTED", "*"),
        ("LISTED", "LISTED as WORDS"),
        ("        return len", "        return\n        len"),
        ("        return len", "        assert len"),
        ("    @property\n    def", "@property\ndef"),
    ],
)
def test_a_change_of_meaning_is_another_digest(old: str, new: str) -> None:
    assert old in RULE
    assert digest_of_source(RULE.replace(old, new)) != digest_of_source(RULE)


def test_words_of_a_tree_are_not_taken_for_each_other() -> None:
    sources = [
        "x = a",
        "x = 'a'",
        "x = [a]",
        "x = (a,)",
        "x, a",
        "x[a]",
        "x(a)",
        "x(a=None)",
        "x(None)",
        "x.a",
        "x @ a",
    ]
    sources += [
        "global x, a",
        "f'{x}a'",
        "f'{x}' 'b'",
        "f'{x:a}'",
        "x: a",
        "x = None",
        "return_",
        "Name",
        "Call",
        "pass",
    ]
    sources += ["x = 0", "x = False", "x = 0.0", "x = 0j", "x = ''", "x = b''", "x = ...", "x = ()", "def f(): yield"]
    sources += [
        "def f(): return",
        "def f(): return None",
        "lambda: None",
        "lambda x: x",
        "lambda *x: x",
        "lambda **x: x",
    ]
    assert len({digest_of_source(source) for source in sources}) == len(sources)


def test_a_digest_is_short_and_of_bytes_as_of_text() -> None:
    assert digest_of_source("x = 'é'".encode()) == digest_of_source("x = 'é'")
    assert digest_of_source(b"# coding: latin-1\nx = '\xe9'") == digest_of_source("x = 'é'")
    assert len(digest_of_source("")) == 16


EVERY_KIND = """
class Rule(Base, kind="line"):
    words: int = 5

    @property
    def breaks(self, line: str, *rest: str, **more: int) -> bool:
        return f"{line!r:>{self.words}}" in {"a": [1, 2.5, None, ...]} or any(x async for x in rest)

    async def later(self):
        match self:
            case Rule(words=3 | 4) if (y := await self):
                yield lambda z, /, *, w=1: (z, *y[1:2])
"""


def test_a_digest_is_the_same_under_every_python() -> None:
    """By 3.11.7; 3.13.5 had it too, and those of all code behind the presets."""
    assert digest_of_source(EVERY_KIND) == "d698f3259b68603c"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="a syntax of Python 3.12")
def test_type_parameters_count() -> None:
    sources = ["def f(x): pass", "def f[T](x): pass", "def f[T: int](x): pass", "class A: pass", "class A[T]: pass"]
    assert len({digest_of_source(source) for source in sources}) == len(sources)


@pytest.mark.parametrize("source", ["x =", "\0", "x = '", b"x = '\xe9'", "(" * 500])
def test_what_is_no_python_is_named(source: bytes | str) -> None:
    with pytest.raises(ConfigError, match=r"^my_rules\.py is not valid Python"):
        digest_of_source(source, "my_rules.py")


def test_long_sums_and_long_numbers_are_no_trouble() -> None:
    assert digest_of_source("x = " + " + ".join(["y"] * 2000)) != digest_of_source("x = " + " + ".join(["y"] * 2001))
    assert digest_of_source("x = 0x" + "f" * 9000) != digest_of_source("x = 0x" + "f" * 9001)


@given(st.sampled_from(FILES))
@settings(max_examples=20)
def test_a_file_written_anew_has_its_old_digest(path: Path) -> None:
    source = path.read_bytes()
    assert digest_of_source(ast.unparse(ast.parse(source))) == digest_of_source(source)


@given(st.sampled_from(FILES), st.data())
@settings(max_examples=20)
def test_comments_and_docstrings_anywhere_leave_a_digest(path: Path, data: st.DataObject) -> None:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    for node in data.draw(st.lists(st.sampled_from(bodies))) if bodies else []:
        node.body.insert(0, ast.Expr(ast.Constant(data.draw(st.text()))))
    lines = ast.unparse(ast.fix_missing_locations(tree)).splitlines()
    starts = sorted({statement.lineno for statement in ast.parse("\n".join(lines)).body})
    for line in reversed(data.draw(st.lists(st.sampled_from(starts), unique=True).map(sorted)) if starts else []):
        lines[line - 1 : line - 1] = ["", "    # a comment"]
    assert digest_of_source("\n".join(lines)) == digest_of_source(source)


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1")
    first = read_source(path)
    assert read_source(path) is first
    path.write_text("x = 2")
    os.utime(path, ns=(1, 1))
    assert read_source(path).digest == digest_of_source("x = 2") != first.digest


# The closure


def test_a_lone_module_counts_with_what_lies_beside_it_and_is_not_imported(write: Write) -> None:
    folder = write(
        my_rules="import json, numpy\nimport my_words\nfrom c4pipe.rules import LineRule\nraise SystemExit",
        my_words="def load():\n    from my_lists.bad import WORDS\n    return WORDS",
        my_lists__bad="WORDS = ()",
        my_other="",
        c4pipe____init__="",
        c4pipe__rules="import my_other",
        beam_jobs__command="",
    )
    assert below(folder, closure(["my_rules"])) == {
        "my_lists.bad": "my_lists/bad.py",
        "my_rules": "my_rules.py",
        "my_words": "my_words.py",
    }
    assert "my_rules" not in sys.modules


def test_relative_imports_and_packages_that_run(write: Write) -> None:
    folder = write(
        pack____init__="from .setup import ready\nready()",
        pack__setup="",
        pack__deep____init__="",
        pack__deep__rule="from . import near\nfrom .. import far\nfrom ..other import x\nfrom ...outside import y\n",
        pack__deep__near="",
        pack__far="",
        pack__other="",
        pack__unused="",
        outside="",
    )
    expected = ["pack", "pack.deep", "pack.deep.near", "pack.deep.rule", "pack.far", "pack.other", "pack.setup"]
    assert list(below(folder, closure(["pack.deep.rule"]))) == expected


FACE = {
    "pack____init__": '"""A face."""\nfrom .a import A, B as C\nfrom pack.deep import D\nfrom . import e\n'
    '__all__ = ["A"]\n'
    "import os\nfrom .twice import T\nfrom .a import T\nLIMIT = 5\ndef defined(): pass",
    "pack__a": "from .helper import x",
    "pack__helper": "",
    "pack__deep____init__": "from .d import D\nfrom .unused import U",
    "pack__deep__d": "",
    "pack__deep__unused": "",
    "pack__e": "",
    "pack__twice": "",
    "pack__sub": "",
}
ALL = ["pack", "pack.a", "pack.deep", "pack.deep.d", "pack.e", "pack.helper", "pack.twice"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from pack import A", ["pack", "pack.a", "pack.helper"]),
        ("from pack import C", ["pack", "pack.a", "pack.helper"]),
        ("from pack import D", ["pack", "pack.deep", "pack.deep.d"]),
        ("from pack import e", ["pack", "pack.e"]),
        ("from pack import sub", ["pack", "pack.sub"]),
        ("from pack.sub import x", ["pack", "pack.sub"]),
        ("from pack import os", ALL),
        ("from pack import T", ALL),
        ("from pack import LIMIT", ALL),
        ("from pack import defined", ALL),
        ("from pack import unknown", ALL),
        ("from pack import *", ALL),
        ("import pack", ALL),
        ("import pack.sub", [*ALL, "pack.sub"]),
        ("if 1:\n    def f():\n        from pack import A", ["pack", "pack.a", "pack.helper"]),
    ],
)
def test_a_name_leads_to_where_it_is_from(write: Write, line: str, expected: list[str]) -> None:
    write(mine=line, **FACE)
    assert list(closure(["mine"])) == sorted(["mine", *expected])


@pytest.mark.parametrize(
    "line",
    [
        "from .twice import *",
        "C = make()",
        "a.LIMIT = 3",
        "if True:\n    C = 3",
        "def f():\n    global C",
        "@register\ndef f(): pass",
        "class C: pass",
        "a += 1",
    ],
)
def test_a_package_that_does_more_than_to_pass_names_on_counts_with_all_of_it(write: Write, line: str) -> None:
    write(mine="from pack import A", **(FACE | {"pack____init__": FACE["pack____init__"] + "\n" + line}))
    assert list(closure(["mine"])) == sorted(["mine", *ALL])


def test_names_that_go_in_circles_end(write: Write) -> None:
    write(mine="from a import x", a____init__="from b import x", b____init__="from a import x")
    assert list(closure(["mine"])) == ["a", "b", "mine"]


def test_what_stops_is_not_entered_and_what_is_named_counts_all_the_same(write: Write) -> None:
    write(mine="from pack.deep.d import D\nfrom pack import D\nimport pack.deep.d\nfrom pack.deep import d", **FACE)
    assert list(closure(["mine"], stop=("pack",))) == ["mine"]
    assert "pack.deep.d" not in closure(["mine"], stop=("pack.deep",))
    assert list(closure(["mine", "pack.e"], stop=("pack",))) == ["mine", "pack.e"]


@pytest.mark.parametrize("module", ["nowhere", "nowhere.at_all", "builtins", "__main__", "sys", "c4pipe.nowhere"])
def test_a_module_without_a_source_is_named(module: str) -> None:
    with pytest.raises(ConfigError, match=rf"^module {module} has no source file.* my_rules\.py"):
        closure([module])


def test_a_library_counts_alone() -> None:
    assert {name.partition(".")[0] for name in closure(["iniconfig"])} == {"iniconfig"}


# The prefix of a preset of ours

STOP = ("c4pipe.presets", "c4pipe.corpus.catalogue")


def prefix() -> list[str]:
    modules = {"c4pipe.passes.staging"}
    for stage in EN.stages[:5]:
        parts = [stage, getattr(stage, "level", stage)]
        parts += [*getattr(stage, "rules", ()), *getattr(stage, "lines", ()), *getattr(stage, "then", ())]
        modules |= {type(part).__module__ for part in parts}
    return sorted(modules)


def test_the_prefix_of_a_preset_does_not_hold_the_rules_behind_it() -> None:
    found = closure(prefix(), STOP)
    assert {"c4pipe.clean.sift", "c4pipe.rules.lines", "c4pipe.dedup.spans", "c4pipe.wet.splitter"} <= {*found}
    assert not {"c4pipe.rules.badwords", "c4pipe.rules", "c4pipe.presets", "c4pipe.corpus.catalogue"} & {*found}
    assert not [name for name in found if name.split(".")[1] in ("flow", "card", "inspect", "fetch")]


def test_the_reading_of_a_flow_leads_to_the_readers() -> None:
    found = closure([*prefix(), "c4pipe.flow.read"], (*STOP, "c4pipe.flow.settings"))
    assert {"c4pipe.flow.files", "c4pipe.wet.splitter", "c4pipe.documents.jsonl"} <= {*found}
    assert "c4pipe.rules.badwords" not in found


def test_a_room_of_ours_that_passes_names_on_counts_by_those_that_were_asked_for() -> None:
    few = code_of([], prefix(), STOP)
    more = code_of([], [*prefix(), "c4pipe.corpus.catalogue"], STOP)
    assert few["c4pipe.clean"] == more["c4pipe.clean"]
    assert few["c4pipe.rules"] != more["c4pipe.rules"]
    assert set(closure(prefix(), STOP)) < set(few)


# Classes, and what a manifest keeps


BASE = """
from c4pipe.rules import LineRule

class Short(LineRule):
    words = 3

class Outer:
    class Inner: pass
    def make(self):
        class Local: pass
        return Local
"""
RULES = """
from dataclasses import dataclass
from base import Short

@dataclass(frozen=True)
class Mine(Short):
    share: float = 0.5

class Other(tuple): pass
"""


def test_the_digest_of_a_class_is_its_own_and_that_of_its_bases(write: Write) -> None:
    write(base=BASE, rules_=RULES)
    rules = importlib.import_module("rules_")
    mine, other, short = map(digest_of_class, (rules.Mine, rules.Other, rules.Short))

    write(rules_=RULES.replace("class Mine", "x = 1\n\n\n@dataclass(frozen=True)\n# a rule\nclass Mine", 1))
    write(rules_=RULES.replace("class Other", "# another\nclass Other") + "\n\nclass More: pass\n")
    assert [*map(digest_of_class, (rules.Mine, rules.Other, rules.Short))] == [mine, other, short]

    write(rules_=RULES.replace("frozen=True", "frozen=False"))
    assert digest_of_class(rules.Mine) != mine
    assert digest_of_class(rules.Other) == other

    write(rules_=RULES, base=BASE.replace("words = 3", "words = 30"))
    assert digest_of_class(rules.Short) != short
    assert digest_of_class(rules.Mine) != mine
    assert digest_of_class(rules.Other) == other


def test_classes_in_classes_and_functions_are_found(write: Write) -> None:
    write(base=BASE)
    outer = importlib.import_module("base").Outer
    assert len({digest_of_class(each) for each in (outer, outer.Inner, outer().make())}) == 3


def test_a_class_without_a_source_says_what_to_do(write: Write) -> None:
    inside: dict[str, type] = {}
    exec("class Mine: pass", inside | {"__name__": "__main__"}, inside)
    with pytest.raises(ConfigError, match=r"^module __main__ has no source file.*import it from there"):
        digest_of_class(inside["Mine"])
    write(base=BASE)
    made = type("Made", (importlib.import_module("base").Short,), {"__module__": "base"})
    with pytest.raises(ConfigError, match=r"^class Made has no class statement in its module base.*your own module"):
        code_of([made])


def test_a_code_names_classes_and_modules_and_no_folder(write: Write) -> None:
    folder = write(base=BASE, rules_=RULES)
    code = code_of([importlib.import_module("rules_").Mine], ["c4pipe.rules.matcher"])
    assert list(code) == sorted(code)
    assert {"base", "rules_", "rules_:Mine", "c4pipe.rules.base", "c4pipe.rules.matcher"} <= {*code}
    assert code["base"] == digest_of_source(BASE)
    assert str(folder) not in str(code)
    assert all(len(digest) == 16 for digest in code.values())


def test_a_code_is_the_same_in_another_process_and_folder(tmp_path: Path) -> None:
    ask = "from c4pipe.corpus.code import code_of; from c4pipe.rules import MinWords; print(code_of([MinWords]))"
    other = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "PATH": os.environ["PATH"]}
    said = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=tmp_path, env=other
    )
    assert said.stdout.strip() == str(code_of([MinWords]))


# What changed


def test_a_class_explains_its_module() -> None:
    then = code_of([MinWords, EndMark])
    now = then | {"c4pipe.rules.lines:MinWords": "0", "c4pipe.rules.lines": "0", "c4pipe.page": "0"}
    assert changed(then, then) == []
    assert changed(then, now) == ["c4pipe.rules.lines:MinWords", "c4pipe.page"]


def test_what_came_and_went_is_named_behind_what_was_edited() -> None:
    then = {"a:A": "1", "a:Gone": "1", "a": "1", "b": "1", "c": "1", "d": "1"}
    now = {"a:A": "2", "a": "2", "b": "2", "c": "1", "e": "1", "c:New": "1"}
    assert changed(then, now) == ["a:A", "a:Gone (gone)", "c:New (new)", "b", "d (gone)", "e (new)"]


def test_an_edited_rule_is_named_and_a_comment_is_nothing(write: Write) -> None:
    write(base=BASE, rules_=RULES)
    rules = importlib.import_module("rules_")
    then = code_of([rules.Mine, rules.Other])
    write(rules_=RULES.replace("0.5", "0.25"))
    assert changed(then, code_of([rules.Mine, rules.Other])) == ["rules_:Mine"]
    write(rules_=RULES + "\nLIMIT = 3\n")
    assert changed(then, code_of([rules.Mine, rules.Other])) == ["rules_"]
    write(rules_=RULES + "\n# more to come\n")
    assert changed(then, code_of([rules.Mine, rules.Other])) == []


def test_what_a_users_module_imports_of_others_decides_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "counts_stars.py").write_text("import os, numpy\nimport stars_beside\nfrom c4pipe.page import Page\n")
    (tmp_path / "stars_beside.py").write_text(
        "def f():\n    import rich.console\n    from google.protobuf import message\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert {"numpy", "rich", "protobuf"} <= {*libraries_of(["counts_stars"])}
    assert libraries_of(["c4pipe.rules.lines"]) == []
