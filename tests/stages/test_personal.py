"""Personal data is masked, counted, and shown nowhere."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from beam_jobs import build_c4, remove
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.__main__ import main as inspect
from c4pipe.inspect.explain import explain
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.inspect.report import write_report
from c4pipe.inspect.serve import make_app
from c4pipe.page import Kept, Page
from c4pipe.pii import PERSONAL_KINDS, find_personal
from c4pipe.presets import EN, MULTILINGUAL
from c4pipe.stages.benchmarks import with_benchmarks
from c4pipe.stages.personal import PERSONAL_REASONS, MaskPersonal, kinds_named, masking_stage, with_personal_masked
from c4pipe.stages.veiling import Veil
from c4pipe.verify.__main__ import main as verify
from tests.conftest import quicken_pipelines
from tests.wetfiles import WebPage, manifest_of, rejected, rows, story, wet

SECRET = ("ada@example.org", "bob@example.com", "eve@example.net", "185.199.108.153", "+44 20 7946 0958")
PAGES = [
    WebPage("http://one.example/", f"{story(100)}\nWrite to ada@example.org or call +44 20 7946 0958 in the morning."),
    WebPage(
        "http://two.example/",
        f"{story(200)}\nThe old machine answers at 185.199.108.153 on most days.\nbob@example.com",
    ),
    WebPage("http://three.example/", "The code { eve@example.net } stands in this one line of text.\n" * 4),
    WebPage("http://four.example/", story(100)),
    # A number of Berlin in an English page stands: it is hidden where nobody knows the language.
    WebPage("http://five.example/", f"{story(500)}\nIn Berlin they answer at 030 901820 on most mornings."),
]


def step(stage: MaskPersonal, text: str, language: str = "en") -> tuple[str, dict[str, int]]:
    verdict = stage.bind(None)(Page("http://a.example/", text, "", language=language))
    assert isinstance(verdict, Kept)
    return verdict.page.text, dict(verdict.tally)


def test_placeholders_stand_there_and_are_counted() -> None:
    text = "Write to a@b.com, c@d.org or 185.199.108.153; call 020 7946 0958."
    assert step(MaskPersonal(), text) == (
        "Write to <EMAIL>, <EMAIL> or <IP>; call 020 7946 0958.",
        {"email_address": 2, "ip_address": 1},
    )
    assert step(MaskPersonal(kinds=("phone",)), text)[1] == {"phone_number": 1}
    assert step(MaskPersonal(), "Nothing of that kind.") == ("Nothing of that kind.", {})


def test_phones_are_those_of_the_language() -> None:
    phones = MaskPersonal(kinds=("phone",))
    assert step(phones, "Tel. 030 901820", "de")[0] == "Tel. <PHONE>"
    assert step(phones, "Tel. 030 901820", "en")[0] == "Tel. 030 901820"
    assert step(phones, "Tel. 06 12 34 56 78", "fr")[0] == "Tel. <PHONE>"
    assert step(phones, "Tel. 020 7946 0958", "xx")[0] == "Tel. <PHONE>"


def test_what_is_hidden_is_hidden_whatever_the_language() -> None:
    veil = Veil([MaskPersonal(kinds=("phone",))], lambda part: part)
    assert veil.text("030 901820, 06 12 34 56 78") == "<PHONE>, <PHONE>"
    assert Veil(EN.stages, lambda part: part).text("a@b.com") == "a@b.com"


@pytest.mark.parametrize("kind", PERSONAL_REASONS)
def test_the_examples_of_a_reason_are_true(kind: str) -> None:
    reason, stage = PERSONAL_REASONS[kind], MaskPersonal(kinds=(kind,))
    assert step(stage, reason.keeps) == (reason.keeps, {})
    assert step(stage, reason.drops)[1] == {reason.code: 1}
    assert f"`<{kind.upper()}>`" in reason.says


def test_kinds_are_those_that_are_looked_for() -> None:
    assert {*PERSONAL_KINDS} == {kind.upper() for kind in PERSONAL_REASONS}
    with pytest.raises(ConfigError, match="kind of personal data"):
        kinds_named("email,mail")
    with pytest.raises(ConfigError, match="masks nothing"):
        MaskPersonal(kinds=())


def test_it_stands_behind_what_judges_and_before_what_points_into_the_text() -> None:
    names = [stage.name for stage in with_personal_masked(MULTILINGUAL).stages]
    assert names[-2:] == ["personal", "size"]
    names = [stage.name for stage in with_personal_masked(with_benchmarks(EN, drop=False)).stages]
    assert names[-2:] == ["personal", "benchmarks"]
    twice = with_personal_masked(with_personal_masked(EN), ("iban",))
    assert masking_stage(twice) == MaskPersonal(kinds=("iban",))


@pytest.fixture(scope="module", params=["all", "sample"])
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    quicken_pipelines()
    folder = tmp_path_factory.mktemp("personal")
    (folder / "a.warc.wet.gz").write_bytes(wet(PAGES))
    arguments = ["--input", str(folder / "a.warc.wet.gz"), "--output", str(folder / "out"), "--workers", "1"]
    assert build_c4.main([*arguments, "--rejected", request.param, "--mask-personal", "email,ip,phone"]) == 0
    return folder / "out"


def test_nothing_of_it_is_in_the_corpus(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["text"].count("<") for row in sorted(rows(corpus), key=lambda row: row["url"])] == [0, 2, 1]
    write_report(open_corpus(corpus), corpus.parent / "report.html")
    for url in ("one", "two", "three"):
        assert inspect([str(corpus), "--url", f"http://{url}.example/"]) == 0
        assert inspect([str(corpus), "--url", f"http://{url}.example/", "--json"]) == 0
    assert inspect([str(corpus), "--reason", "curly_brace"]) == 0
    said = capsys.readouterr().out + (corpus.parent / "report.html").read_text(encoding="utf-8")
    tables = [pq.read_table(path).to_pylist() for path in corpus.rglob("*.parquet")]
    told = said + json.dumps(tables, default=str) + "".join(path.read_text() for path in corpus.rglob("*.json"))
    assert "<EMAIL>" in json.dumps(tables, default=str)
    for secret in SECRET:
        assert secret not in told
    assert all(find_personal(row["text"], ("EMAIL", "IP", "PHONE")) == [] for row in rejected(corpus))


def test_the_ledger_counts_it(corpus: Path) -> None:
    manifest = manifest_of(corpus)
    last = manifest["ledger"]["stages"][-1]
    assert last["stage"] == "personal"
    assert last["passages_dropped"] == {"email_address": 1, "ip_address": 1, "phone_number": 1}
    assert last["lines"]["in"] == last["lines"]["kept"]
    assert verify([str(corpus)]) == 0
    assert preset_of(open_corpus(corpus)) == (with_personal_masked(EN, ("email", "ip", "phone")), [])


def test_pages_are_those_of_the_preset_without_it(corpus: Path) -> None:
    plain = corpus.parent / "plain"
    assert (
        build_c4.main(["--input", str(corpus.parent / "a.warc.wet.gz"), "--output", str(plain), "--workers", "1"]) == 0
    )
    mine, other = ({row["url"]: row["text"] for row in rows(folder)} for folder in (corpus, plain))
    stage = MaskPersonal(kinds=("email", "ip", "phone"))
    assert mine == {url: step(stage, text)[0] for url, text in other.items()}
    stages = [manifest_of(folder)["ledger"]["stages"] for folder in (corpus, plain)]
    assert stages[0][:-1] == stages[1]


def test_a_page_that_nobody_has_built_is_shown_without_it(corpus: Path) -> None:
    found = explain(Page("http://x.example/", f"{PAGES[0].text}\nbob@example.com", ""), plan_of(open_corpus(corpus)))
    assert "<EMAIL>" in found.text
    assert not [secret for secret in SECRET if secret in repr(found)]
    assert "email_address" in {each.code for line in found.lines for each in line}


def test_a_page_with_a_masked_address_says_so(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = explain(Page("http://x.example/", f"{PAGES[0].text}\nbob@example.com", ""), plan_of(open_corpus(corpus)))
    assert [(one.outcome, one.detail) for one in raw.tried if one.code == "email_address"] == [("masked", "1 passage")]
    assert inspect([str(corpus), "--url", "http://one.example/", "--json"]) == 0
    (page,) = json.loads(capsys.readouterr().out)["pages"]
    found = {one["code"]: (one["outcome"], one["detail"]) for one in page["tried"] if one["stage"] == "personal"}
    assert found == {
        "email_address": ("masked", "1 passage"),
        "ip_address": ("passed", ""),
        "phone_number": ("masked", "1 passage"),
    }


def test_the_reason_says_how_its_pages_are_found(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect([str(corpus), "--reason", "email_address"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    query = re.search(r'--sql "([^"]+)"', said)
    assert query is not None
    assert "<EMAIL>" in query[1]
    assert inspect([str(corpus), "--sql", query[1], "--json"]) == 0
    assert [row[0] for row in json.loads(capsys.readouterr().out)["rows"]] == ["http://one.example/"]
    assert inspect([str(corpus), "--reason", "curly_brace", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["note"] == ""


def test_the_viewer_shows_none_of_it(corpus: Path) -> None:
    ask = TestClient(make_app(open_corpus(corpus)), base_url="http://127.0.0.1:8000")
    listed = [html.unescape(link) for link in re.findall(r'href="(/page[?][^"]*)"', ask.get("/").text)]
    shown = "".join(ask.get(link).text for link in listed)
    assert len(listed) >= 2
    assert "&lt;EMAIL&gt;" in shown
    assert "masked: <bdi>1 passage</bdi>" in shown
    assert "different text would be kept" not in shown
    assert not [secret for secret in SECRET if secret in shown]


def test_nothing_is_kept_to_restore_what_would_show_it(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not (corpus / "__restore").exists()
    (corpus.parent / "gone.txt").write_text("http://one.example/\n")
    arguments = ["--corpus", str(corpus), "--urls", str(corpus.parent / "gone.txt")]
    assert remove.main([*arguments, "--output", str(corpus.parent / "less")]) == 2
    assert "has no data to restore" in capsys.readouterr().err
    asked = ["--input", str(corpus.parent / "a.warc.wet.gz"), "--output", str(corpus.parent / "no")]
    assert build_c4.main([*asked, "--mask-personal", "--restorable", "yes"]) == 2
    assert "masks personal data" in capsys.readouterr().err
    assert build_c4.main([*asked, "--mask-personal", "mail"]) == 2
    assert "kind of personal data in --mask-personal" in capsys.readouterr().err
