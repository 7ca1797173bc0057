"""What people call languages becomes what mC4 calls them; hints come from the table and not from spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.arguments import parse
from beam_jobs.corpora import presets_of
from c4pipe.errors import ConfigError
from c4pipe.langid import load
from c4pipe.languages.codes import ALIASES, MC4
from c4pipe.languages.named import NAMED, among, code_named, codes_named, renamings, unknown_language
from c4pipe.page import Kept, Page, Rejected
from c4pipe.stages import Identify

ALL = (*MC4, "und")
CHINESE = (
    "港务局每天早上八点开门，最后一班渡轮离开以后关门。请来访的人在中午以前把文件带来，"
    "并在大厅里等候。我们很高兴为大家服务。"
)
HEBREW = "משרד הנמל נפתח בשמונה בבוקר ונסגר כאשר המעבורת האחרונה עוזבת, ולכן המבקרים מתבקשים להגיע לפני הצהריים."


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        *[("he", "iw"), ("iw", "iw"), ("EN", "en"), ("En", "en"), ("nb", "no"), ("nn", "no"), ("tl", "fil")],
        *[("jw", "jv"), ("in", "id"), ("ji", "yi"), ("mo", "ro"), ("cmn", "zh"), ("zh-cn", "zh"), ("zh-tw", "zh")],
        *[
            ("zh-hans", "zh"),
            ("zh-Hant-HK", "zh"),
            ("zh_CN", "zh"),
            ("pt-br", "pt"),
            ("en-GB", "en"),
            ("sr-Latn", "sr"),
        ],
        *[("sr-Latn", "sr"), ("eng", "en"), ("deu", "de"), ("ger", "de"), ("fre", "fr"), ("dut", "nl"), ("chi", "zh")],
        ("heb", "iw"),
        *[("hr", "hr"), ("bs", "bs"), ("sh", "sh"), ("scc", "sr"), ("hi-latn", "hi-Latn"), ("ZH-LATN", "zh-Latn")],
        *[("german", "de"), ("Haitian Creole", "ht"), ("Hebrew", "iw"), (" de ", "de"), ("UND", "und"), ("xx", "xx")],
        *[("quenya", "quenya"), ("en.2019", "en.2019")],
    ],
)
def test_a_language_by_any_name(asked: str, code: str) -> None:
    assert code_named(asked) == code


def test_every_code_of_mc4_has_an_english_name_and_one_of_three_letters() -> None:
    languages = {code.partition("-")[0] for code in MC4}
    assert languages <= set(NAMED.values())
    threes = {code for other, code in ALIASES.items() if len(other) == 3}
    assert {code for code in languages if len(code) == 2} <= threes
    assert all(code_named(code) == code for code in ALL)


@given(st.text(max_size=20))
def test_a_code_is_named_once_and_for_all(name: str) -> None:
    assert code_named(code_named(name)) == code_named(name)


def test_those_that_are_written_otherwise_are_told() -> None:
    assert codes_named("Haitian Creole,zh_CN", "--languages") == ["Haitian Creole", "zh_CN"]
    asked = codes_named("he, EN,nb,de", "--languages")
    assert among(asked, ALL, "language") == ["iw", "en", "no", "de"]
    assert renamings(asked, ALL) == [
        "'he' is read as iw", "'EN' is read as en", "'nb' is read as no",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("he", ["zh", "de"], None),  # nothing is near, whatever it looks like
        ("sh", ["de", "shx", "sr", "hr"], "sr"),
        ("yue", ["de", "zh"], "zh"),
        ("bs", ["de", "br", "sr"], "sr"),
        ("ur-Latn", ["ur", "hi-Latn"], "ur"),
    ],
)
def test_a_hint_is_a_near_language(name: str, known: list[str], hint: str | None) -> None:
    said = str(unknown_language("language", name, known))
    assert (f"Did you mean {hint!r}?" in said) if hint else ("Did you mean" not in said), said


@pytest.mark.parametrize("by", ["langdetect", "consensus", "fasttext", "cld2"])
def test_a_stage_writes_what_mc4_does(by: str) -> None:
    stage = Identify("language", by=by, languages=("he", "zh-cn", "HE"), min_score=0.0)
    assert stage.languages == ("iw", "zh")
    assert stage.renamed() == [f"{name!r} is read as {code}" for name, code in
                               (("he", "iw"), ("zh-cn", "zh"), ("HE", "iw"))]  # fmt: skip
    step = stage.bind(None)
    for text, code in ((HEBREW, "iw"), (CHINESE, "zh")):
        verdict = step(Page("http://a.example/", text, ""))
        assert isinstance(verdict, Kept)
        assert verdict.page.language == code


def test_a_rejected_page_says_what_the_identifier_said() -> None:
    verdict = Identify("language", by="langdetect", languages=("en",), min_score=0.0).bind(None)(Page("", HEBREW, ""))
    assert isinstance(verdict, Rejected)
    assert verdict.detail == "he"


class Dialects:
    """Tells what mC4 does not."""

    languages = ("pt-br", "pt-pt")

    def guess(self, text: str):  # type: ignore[no-untyped-def]
        raise NotImplementedError


def test_an_identifier_of_ones_own_has_its_own_names() -> None:
    stage = Identify("language", by=f"{__name__}:Dialects", languages=("pt-br",), min_score=0.0)
    assert stage.languages == ("pt-br",)
    assert stage.renamed() == []
    with pytest.raises(ConfigError, match=r"Did you mean 'pt-br'\?"):
        Identify("language", by=f"{__name__}:Dialects", languages=("pt",), min_score=0.0).bind(None)


MINE = Identify("language", by="langdetect", languages=("nb", "tl"), min_score=0.5)


def _presets(*words: str):  # type: ignore[no-untyped-def]
    return presets_of(parse(["--input", "x", "--output", "y", *words])[0])


def test_a_build_takes_any_name_and_says_which_it_writes(capsys: pytest.CaptureFixture[str]) -> None:
    (preset,) = _presets("--preset", "multilingual", "--languages", "he,EN,nb,zh-cn")
    assert preset.languages == ("iw", "en", "no", "zh")
    said = capsys.readouterr().err.splitlines()
    assert said == [f"{a!r} is read as {b}" for a, b in
                    (("he", "iw"), ("EN", "en"), ("nb", "no"), ("zh-cn", "zh"))]  # fmt: skip
    assert _presets("--preset", "en.tfds", "--languages", "EN")[0].languages == ("en",)
    (other,) = _presets("--preset", "multilingual", "--langid", "langdetect")
    assert {"iw", "fil", "zh"} <= set(other.languages)


@pytest.mark.parametrize("text", ["", ",", "../../etc", "a/b", "-x", ".", "e n"])
def test_what_can_be_no_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected language codes such as en or de,fr"):
        codes_named(text, "--languages")


def test_what_an_identifier_does_not_tell_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"unknown language of langdetect 'yue'. Did you mean 'zh'\?"):
        Identify("language", by="langdetect", languages=("yue",), min_score=0.0).bind(None)
    assert "yue" in load("fasttext").languages  # this one does
