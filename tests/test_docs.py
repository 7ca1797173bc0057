"""The docs match the code."""

import re
import subprocess
import sys

import pytest

from c4pipe.cli.subcommands import SUBCOMMANDS
from tests import rule_pages
from tests.docs import BLOCKS, MODEL, ROOMS, ROOT, refreshed, stale_rule_pages

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "rules")]
OTHERS = [
    *(ROOT / name for name in ("AGENTS.md", "CHANGELOG.md", "CONTRIBUTING.md", "data_samples/README.md")),
    *(ROOMS, MODEL, rule_pages.FOLDER / "README.md", rule_pages.FOLDER / "few_words.md"),
]
LINK = re.compile(r"\]\(([^()\s]+(?:\([^()\s]*\))?)\)")
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def without_code(text):
    return re.sub(r"`[^`\n]+`", "", FENCE.sub("", text))


def code_of(path):
    """What a page has in fences and between backticks, but for options, which are as the commands have them."""
    text = path.read_text(encoding="utf-8").partition("<!-- generated: options -->")[0]
    return "\n".join([*FENCE.findall(text), *re.findall(r"`([^`]+)`", FENCE.sub("", text))])


def anchors(path):
    """What a link may name behind #, as GitHub and the site make it of headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", BLOCKS, ids=lambda path: path.parent.name)
def test_the_generated_blocks_are_fresh(path):
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- generated: (\w+) -->", text)) == set(BLOCKS[path])
    assert text == refreshed(path), "run `make fix`"


def test_every_reason_has_a_fresh_page():
    written = rule_pages.pages()
    assert stale_rule_pages() == []
    for name, text in written.items():
        path = rule_pages.FOLDER / name
        there = path.read_text(encoding="utf-8") if path.exists() else "nothing"
        assert there == text, f"docs/rules/{name}: run `make fix`"


def test_the_task_of_ones_own_of_the_docs_works():
    (code,) = re.findall(r"```python\n(from model.tasks.*?)```", MODEL.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    (example,) = names["MOOD"].format({"text": "It rains.", "mood": 0}, True)  # type: ignore[attr-defined]
    assert example.targets == "sad"


def test_the_readme_is_read_in_five_minutes():
    assert len(README.split()) <= 1200


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_target_that_a_page_names_is_there(path):
    for target in re.findall(r"(?<![\w.])make ([a-z0-9]+(?:-[a-z0-9]+)*)(?=[`\s]|$)", code_of(path)):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), f"make {target}"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_command_that_a_page_names_is_there(path):
    for word in re.findall(r"(?<![\w./-])c4pipe ([a-z][a-z-]+)", code_of(path)):
        assert word in SUBCOMMANDS, f"c4pipe {word}"


@pytest.mark.parametrize("path", [*PAGES, *OTHERS], ids=name_of)
def test_links_lead_somewhere(path):
    """Of those inside the checkout, files and headings; of others, that they are addresses."""
    for link in LINK.findall(without_code(path.read_text(encoding="utf-8"))):
        if "://" in link:
            assert re.fullmatch(r"https?://[\w.-]+\.[a-z]+(/[^\s<>]*)?", link), link
            continue
        to, _, anchor = link.partition("#")
        place = (path.parent / to).resolve() if to else path
        assert place.exists(), link
        assert not anchor or anchor in anchors(place), link


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for path in PAGES:
        if "docs/" in name_of(path) and path.name != "index.md":
            assert f"({path.relative_to(ROOT / 'docs').as_posix()})" in index, path


def test_make_alone_lists_the_targets():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in re.findall(r"^([a-z0-9-]+):.*##", MAKEFILE, re.MULTILINE):
        assert f"  {target} " in listed


def test_the_example_preset_of_the_docs_works():
    text = ROOMS.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(from c4pipe.presets.*?)```", text, re.DOTALL)
    command = [sys.executable, "-c", code + "\nprint(STRICT.name)"]
    said = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert said.stdout == "strict\n", said.stderr


def test_the_example_rule_of_the_docs_works():
    text = ROOMS.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(@dataclass[^`]*?class NoShouting.*?)```", text, re.DOTALL)
    names: dict[str, object] = {}
    exec("from dataclasses import dataclass\nfrom typing import ClassVar\n", names)
    exec("from c4pipe.page import Reason, Unit\nfrom c4pipe.rules import LineRule\n" + code, names)
    rule = names["NoShouting"]()  # type: ignore[operator]
    assert not rule.breaks(rule.reason.keeps)
    assert rule.breaks(rule.reason.drops)


def test_the_changelog_has_an_item_a_change() -> None:
    text = re.sub(r"^##.*\n", "", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    items = text.split("\n* ")[1:]
    assert [item for item in items if not item.rstrip().endswith(".")] == []
    assert [item for item in items if re.search(r"\.\n  [a-z]", item)] == []  # what a merge has left of another
    seen: dict[str, str] = {}
    twice = []
    for item in items:
        words = item.split()
        runs = {" ".join(words[at : at + 9]) for at in range(len(words) - 8)}
        twice += [(run, item) for run in runs if run in seen]
        seen |= dict.fromkeys(runs, item)
    assert twice == []
