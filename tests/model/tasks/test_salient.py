"""Salient spans: what is found, what is masked, and what a file of spans may hold."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ConfigError
from model.tasks.salient import MASK, SALIENT_PREFIX, SalientSpans
from model.tasks.shapes import spans_by_shape


@pytest.mark.parametrize(
    ("sentence", "spans"),
    [
        ("Barack Obama was born in Honolulu on August 4, 1961.", ["Barack Obama", "Honolulu", "August 4, 1961"]),
        ("The United Nations began in 1945 after World War II.", ["United Nations", "1945", "World War II"]),
        ("Paris is nice.", []),
        ("In Paris it rains.", ["Paris"]),
        ("J. K. Rowling met Jean-Luc van der Berg in the U.S. Senate.",
         ["J. K. Rowling", "Jean-Luc van der Berg", "U.S. Senate"]),
        ("The Bank of the West paid AT&T and O'Neil's aunt.", ["Bank of the West", "AT&T", "O'Neil"]),
        ("I think that I'm late, said John.", ["John"]),
        ("We saw COVID-19, an iPhone and pre-Columbian art.", ["COVID-19"]),
        ("She said: “Eat something, Ada.”", ["Ada"]),
        ("WELCOME TO OUR NEW STORE", []),
        ("Read More About Us", []),
        ("Émile Zola lived in Me\u0301dan from 1878.", ["Émile Zola", "Me\u0301dan", "1878"]),
        ("Владимир Путин приехал в Москву 5 мая 2010.", ["Владимир Путин", "Москву", "2010"]),
        ("It cost $3.50, €20 million, 15 £ or 1.5 billion.", ["$3.50", "€20 million", "15 £", "1.5 billion"]),
        ("There were 1,500 people, 45% more, on 2.5 km in a 5-year plan.", ["1,500 people", "45%", "2.5 km", "5-year"]),
        ("It was 1850 m high in 1850, or so, in the 1990s and in 1914–1918.", ["1850 m", "1850", "1990s", "1914–1918"]),
        ("The 3rd of May 1998, 12/03/1998, 3.4.98, 2015-03-04 and Sept. 2001.",
         ["3rd of May 1998", "12/03/1998", "3.4.98", "2015-03-04", "Sept. 2001"]),
        ("The number 020-1998-2345, version 1.1998.2, item a1998, price 1,998.", []),
        ("中华人民共和国成立于1949年10月1日。", ["1949年10月1日"]),
        ("ودخل المدينة عام 1998 مساء", ["1998"]),
    ],
)  # fmt: skip
def test_spans_by_shape(sentence, spans):
    assert [sentence[start:end] for start, end in spans_by_shape(sentence)] == spans


def test_a_word_that_the_text_has_in_small_letters_opens_no_name():
    sentence = "Yesterday Ada came."
    assert spans_by_shape(sentence) == [(0, 13)]
    assert spans_by_shape(sentence, ordinary={"yesterday"}) == [(10, 13)]
    (pair,) = SalientSpans().pairs("It was yesterday.\nYesterday Ada came.")
    assert pair == ("nem: Yesterday _X_ came.", "Ada")


def test_one_pair_a_span_in_the_order_of_the_text():
    text = "Fog lay here. Ada died in 1852.\n  It rains in Rome, and in Rome it pours.  "
    assert [*SalientSpans().pairs(text)] == [
        ("nem: Ada died in _X_.", "1852"),
        ("nem: It rains in _X_, and in Rome it pours.", "Rome"),
        ("nem: It rains in Rome, and in _X_ it pours.", "Rome"),
    ]


def test_a_source_is_some_of_the_kinds():
    text = "On 4 May 1998 we paid $5 in Rome."
    assert [answer for _, answer in SalientSpans("dates+numbers").pairs(text)] == ["4 May 1998", "$5"]
    assert [answer for _, answer in SalientSpans("names").pairs(text)] == ["Rome"]


def test_what_leaves_nothing_to_go_by_is_no_pair():
    assert [*SalientSpans().pairs("1998")] == []
    assert [*SalientSpans().pairs("The _X_ came in 1998.")] == []
    assert [*SalientSpans(longest=20).pairs("It was in 1998. And in 1999 it was as long as it was before.")] == [
        ("nem: It was in _X_.", "1998")
    ]
    assert [*SalientSpans().pairs("")] == []


@settings(max_examples=50)
@given(st.text(alphabet="AÉbж 1998,.$'年\n“I&-", max_size=60))
def test_a_pair_is_its_sentence_again(text):
    for inputs, targets in SalientSpans().pairs(text):
        assert targets.strip()
        assert inputs.count(MASK) == 1
        assert inputs.removeprefix(SALIENT_PREFIX).replace(MASK, targets) in text


def write(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return str(path)


def test_a_file_of_spans(tmp_path):
    rows = (
        {"sentence": "Ada came to Rome.", "spans": [[0, 3], "Rome"]},
        "",
        {"text": "It rained. Then Ben left.\nAll day.", "spans": [[16, 19], [30, 33], [0, 33]]},
        {"sentence": "Nobody came.", "spans": []},
    )
    spans = SalientSpans(write(tmp_path / "spans.jsonl", *rows))
    assert [*spans.pairs("It was dark. Ada came to Rome. Nobody came.")] == [
        ("nem: _X_ came to Rome.", "Ada"),
        ("nem: Ada came to _X_.", "Rome"),
    ]
    assert [*spans.pairs(rows[2]["text"])] == [("nem: Then _X_ left.", "Ben"), ("nem: All _X_.", "day")]
    assert [*pickle.loads(pickle.dumps(spans)).pairs("Ada came to Rome.")] == [*spans.pairs("Ada came to Rome.")]
    assert spans.settings()["sha256"] != SalientSpans().settings()["sha256"] == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nothing", "spans.jsonl:1: not JSON"),
        ("[1]", '"sentence" or "text"'),
        ({"sentence": "Ada."}, '"spans", a list'),
        ({"sentence": 5, "spans": []}, '"sentence" or "text", a string'),
        (
            {"sentence": "Ada.", "spans": [[0, 9]]},
            "jsonl:1: the span [0, 9] is not in its string of 4 characters",
        ),
        ({"sentence": "Ada.", "spans": [[2, 2]]}, "the span [2, 2]"),
        ({"sentence": "Ada.", "spans": ["Ben"]}, 'the span "Ben"'),
        ({"sentence": "Ada.", "spans": [""]}, 'the span ""'),
        ({"sentence": "Ada.", "spans": [[0.0, 1]]}, "the span [0.0, 1]"),
        ("\n", "has no spans"),
        ("\udcff", "is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path, line, said):
    path = tmp_path / "spans.jsonl"
    text = line if isinstance(line, str) else json.dumps(line)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as error:
        SalientSpans(str(path))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_source_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"dates\+places: No such file .* come from dates\+numbers\+names"):
        SalientSpans("dates+places")
    with pytest.raises(ConfigError, match="expected 1 or more"):
        SalientSpans(longest=0)
