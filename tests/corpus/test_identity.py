"""c4pipe.corpus.identity: differences between corpora in words, and which code counts for what."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.identity import (
    changes,
    code_behind,
    code_changes,
    code_of_corpus,
    files_read,
    fingerprint,
)
from c4pipe.corpus.plan import Plan
from c4pipe.presets import EN, REALNEWSLIKE
from c4pipe.rules import BadWords, ListedDomain, MinSentences, MinWords
from c4pipe.stages import Clean, Filter

EN_FILE = {"kind": "badwords", "name": "en.txt", "sha256": "11", "read_by": ["BadWords"]}
NEWS_FILE = {"kind": "news_domains", "name": "news_domains.json", "sha256": "22", "read_by": ["ListedDomain"]}
CODE = {"c4pipe.rules.lines:MinWords": "1", "c4pipe.stages.clean:Clean": "2", "c4pipe.rules.lines": "3", "mine": "4"}
NOW: dict[str, Any] = {
    "preset": describe(EN),
    "settings": {"languages": ["en"], "shards": "auto", "limit_pages": None},
    "files": [EN_FILE],
    "identifiers": [{"stage": "language", "name": "langdetect"}],
    "versions": {"c4pipe": "2.0", "numpy": "2.1"},
    "inputs": [("a.wet.gz", 100), ("b.wet.gz", 200)],
    "code": CODE,
}


def manifest(**changed: Any) -> dict[str, Any]:
    """As a manifest would hold it, with these entries as they were then."""
    then = NOW | {"inputs": [{"path": path, "bytes": size, "records": 1} for path, size in NOW["inputs"]]}
    told: dict[str, Any] = json.loads(json.dumps(then | changed))
    return told


def test_the_same_corpus_has_no_changes() -> None:
    assert changes(manifest(), NOW, EN.stages) == {}


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ({"inputs": [{"path": "a.wet.gz", "bytes": 100}]}, {"inputs": ["b.wet.gz"]}),
        (
            {"inputs": [{"path": "a.wet.gz", "bytes": 100}, {"path": "b.wet.gz", "bytes": 7}]},
            {"inputs": ["b.wet.gz"]},
        ),
        (
            {"preset": describe(EN.on(replace(EN.stages[3], then=(MinSentences(4),))).without("badwords"))},
            {"preset": ["clean", "badwords"]},
        ),
        (
            {"settings": {"languages": ["de"], "shards": "auto", "limit_pages": 5}},
            {"settings": ["languages", "limit_pages"]},
        ),
        ({"files": [EN_FILE | {"sha256": "33"}, NEWS_FILE]}, {"files": ["en.txt", "news_domains.json"]}),
        ({"identifiers": []}, {"identifiers": ["others"]}),
        ({"versions": {"c4pipe": "1.0"}}, {"versions": ["c4pipe 1.0, now 2.0", "numpy (none), now 2.1"]}),
        ({"code": CODE | {"c4pipe.rules.lines:MinWords": "9"}}, {"code": ["rule MinWords"]}),
        ({"code": CODE | {"c4pipe.stages.clean:Clean": "9", "mine": "9"}}, {"code": ["stage Clean", "module mine"]}),
    ],
    ids=["input", "size", "preset", "settings", "files", "identifiers", "versions", "rule", "stage and module"],
)
def test_what_is_another_is_told_in_words(then: dict[str, Any], told: dict[str, list[str]]) -> None:
    assert changes(manifest(**then), NOW, EN.stages) == told


def test_stages_in_another_order_are_told() -> None:
    turned = describe(EN)
    turned["stages"] = [*turned["stages"][:-2], *turned["stages"][:-3:-1]]
    assert changes(manifest(preset=turned), NOW) == {"preset": ["the order of its stages"]}


def test_an_older_manifest_is_another_in_all_that_it_does_not_keep() -> None:
    found = changes({"preset": describe(EN)}, NOW, EN.stages)
    assert found["code"] == ["an older c4pipe, which did not record its code"]
    assert found["files"] == ["en.txt"]
    assert found["inputs"] == ["a.wet.gz", "b.wet.gz"]
    assert "preset" not in found


def test_rules_stages_and_levels_of_a_preset_are_told_by_their_kind() -> None:
    level = EN.stages[4].level  # type: ignore[attr-defined]
    name = f"{type(level).__module__}:{type(level).__name__}"
    assert code_changes({}, {name: "1", "my_rules:NoShouting": "2", "my_rules": "3"}, EN.stages) == [
        "level SpanLevel (new)",
        "class NoShouting (new)",
    ]
    assert code_changes({"my_rules": "3"}, {}) == ["module my_rules (gone)"]


def test_files_count_for_the_parts_that_read_them() -> None:
    assert files_read(EN.stages, [EN_FILE, NEWS_FILE]) == [("en.txt", "11")]
    assert files_read(EN.stages[:5], [EN_FILE, NEWS_FILE]) == []
    assert files_read([Filter("x", (ListedDomain(), BadWords()))], [EN_FILE, NEWS_FILE]) == [
        ("en.txt", "11"),
        ("news_domains.json", "22"),
    ]


def test_a_fingerprint_is_of_values_and_not_of_their_order() -> None:
    assert (
        fingerprint({"a": 1, "b": (2, 3)}) == fingerprint({"b": [2, 3], "a": 1}) != fingerprint({"a": 1, "b": [3, 2]})
    )


# Code


def test_the_prefix_of_a_preset_does_not_hold_what_stands_behind_it() -> None:
    behind = code_behind(Plan(EN, None).prefix(0))
    assert {"c4pipe.rules.lines:MinWords", "c4pipe.dedup.spans:SpanLevel", "c4pipe.wet.splitter"} <= {*behind}
    assert [name for name in behind if "badwords" in name.lower() or "langid" in name] == []
    assert [name for name in behind if name.startswith(("c4pipe.stages.explaining", "c4pipe.stages.trace"))] == []
    whole = code_of_corpus(EN)
    assert {"c4pipe.rules.badwords:BadWords", "c4pipe.rules.badwords", "c4pipe.langid.langdetect"} <= {*whole}
    assert "c4pipe.rules.domains" not in whole
    assert {*behind} < {*whole}


def test_a_preset_has_the_code_of_its_own_rules_only() -> None:
    only_news = {*code_of_corpus(REALNEWSLIKE)} - {*code_of_corpus(EN)}
    assert {name for name in only_news if ":" in name} == {
        "c4pipe.rules.pages:ListedDomain",
        "c4pipe.rules.pages:ListedSubdomain",
    }


RULES = """
from dataclasses import dataclass
from typing import ClassVar
from c4pipe.page import Reason, Unit
from c4pipe.rules import LineRule
from {helper} import loud

@dataclass(frozen=True)
class NoShouting(LineRule):
    reason: ClassVar = Reason("shouting", Unit.LINE, "is shouted", source="a test")

    def breaks(self, line):
        return loud(line)
"""
Module = Callable[[str, str], Any]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """`module(name, source)`: writes a module that can be imported, anew each time, and imports it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def made(name: str, source: str) -> Any:
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    return made


def test_an_edited_module_changes_the_code_of_the_stages_that_use_it(module: Module) -> None:
    module("identity_helper", "def loud(line):\n    return line.isupper()\n")
    rules = module("identity_rules", RULES.format(helper="identity_helper"))
    mine, others = Clean("clean", (rules.NoShouting(),)), Clean("clean", (MinWords(),))
    before, before_others = code_behind([mine]), code_behind([others])
    assert {"identity_rules:NoShouting", "identity_rules", "identity_helper"} <= {*before}
    assert "identity_rules" not in before_others

    module("identity_helper", "def loud(line):\n    return line.isupper() and len(line) > 5\n")
    after = code_behind([mine])
    assert code_changes(before, after, [mine]) == ["module identity_helper"]
    assert code_behind([others]) == before_others

    module("identity_rules", RULES.format(helper="identity_helper").replace("loud(line)", "not loud(line)"))
    assert code_changes(after, code_behind([mine]), [mine]) == ["rule NoShouting"]


def test_comments_and_docstrings_change_no_code(module: Module) -> None:
    module("identity_plain", "def loud(line):\n    return line.isupper()\n")
    rules = module("identity_rules_2", RULES.format(helper="identity_plain"))
    before = code_behind([Clean("clean", (rules.NoShouting(),))])
    module("identity_plain", '"""About it."""\n\n\ndef loud(line):  # in capitals\n    return line.isupper()\n')
    assert code_behind([Clean("clean", (rules.NoShouting(),))]) == before
