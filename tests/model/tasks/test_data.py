"""Rows by a path, as people have them: every kind of file, every name of a split, and what is wrong with them."""

import gzip
import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.errors import ConfigError
from model.tasks import TASKS
from model.tasks.data import TaskData


@pytest.fixture
def put(tmp_path):
    """Writes files below a folder; a list of dicts becomes Parquet or JSON lines by the name."""

    def write(**files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, list) and path.suffix == ".parquet":
                pq.write_table(pa.Table.from_pylist(content), path)
            elif isinstance(content, list):
                path.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


def data(name, path):
    return TaskData(name, TASKS[name], path)


def strings(name, path, split="train", training=None):
    return [(e.inputs, e.targets) for e in data(name, path).examples(split, training)]


def test_glue_tsv_has_quotes_as_text_and_other_names(put):
    head = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
    folder = put(
        train_DOT_tsv="\ufeff" + head + '1\t5\t6\tHe said "no.\t "Yes" \n\n0\t7\t8\tA\u2028b\t\r\n',
        dev_DOT_tsv=head,
        dev_ids_DOT_tsv="1\t2\n",
        msr_paraphrase_train_DOT_txt="other",
    )
    assert data("mrpc", folder).splits == {"train": (folder / "train.tsv",), "validation": (folder / "dev.tsv",)}
    assert strings("mrpc", folder) == [
        ('mrpc sentence1: He said "no. sentence2:  "Yes" ', "equivalent"),
        ("mrpc sentence1: A\u2028b sentence2: ", "not_equivalent"),
    ]


def test_cola_has_no_header_but_in_its_test(put):
    folder = put(
        train_DOT_tsv="gj04\t1\t\tIt rains.\ngj04\t0\t*\tRains it.\n", test_DOT_tsv="index\tsentence\n0\tSo.\n"
    )
    assert strings("cola", folder) == [
        ("cola sentence: It rains.", "acceptable"),
        ("cola sentence: Rains it.", "unacceptable"),
    ]
    assert strings("cola", folder, "test") == [("cola sentence: So.", "<unk>")]


def test_mnli_matched_and_mismatched(put):
    head = "index\tsentence1\tsentence2\tgold_label\n"
    folder = put(
        train_DOT_tsv=head + "0\tp\th\tneutral\n",
        dev_matched_DOT_tsv=head + "0\tp\tm\tentailment\n",
        dev_mismatched_DOT_tsv=head + "0\tp\tmm\tcontradiction\n",
        test_matched_DOT_tsv="index\tsentence1\tsentence2\n0\tp\tt\n",
    )
    assert strings("mnli", folder, "validation") == [("mnli hypothesis: m premise: p", "entailment")]
    assert strings("mnli_mismatched", folder, "validation") == [("mnli hypothesis: mm premise: p", "contradiction")]
    assert list(data("mnli_mismatched", folder).splits) == ["validation", "test"]


def test_the_hubs_parquet(put):
    squad = [{"id": "1", "question": "Who?", "context": "Ada.", "answers": {"text": ["Ada"], "answer_start": [0]}}]
    wmt = [{"translation": {"en": "Yes.", "de": "Ja."}}]
    folder = put(
        **{
            "squad__data__train-00000-of-00002.parquet": squad,
            "squad__data__train-00001-of-00002.parquet": squad,
            "squad__data__validation-00000-of-00001.parquet": squad,
            "wmt__train__a.parquet": wmt,
            "wmt__README.md": "words",
        }
    )
    assert strings("squad", folder / "squad") == [("question: Who ? context: Ada . ", "Ada")] * 2
    assert strings("wmt_ende", folder / "wmt") == [("translate English to German: Yes.", "Ja.")]


def test_squads_json_and_json_lines_by_that_name(put):
    qas = [
        {"id": "1", "question": "Who?", "answers": [{"text": "Ada", "answer_start": 0}]},
        {"id": "2", "question": "?"},
    ]
    articles = {"version": "1.1", "data": [{"title": "T", "paragraphs": [{"context": "Ada.", "qas": qas}]}]}
    folder = put(**{"dev-v1.1.json": json.dumps(articles, indent=1), "b__train.json": [{"a": 1}, {"a": 2}]})
    expected = [("question: Who ? context: Ada . ", "Ada"), ("question: ? context: Ada . ", "<unk>")]
    assert strings("squad", folder / "dev-v1.1.json", "validation") == expected
    assert strings("squad", folder / "dev-v1.1.json", "validation", training=True) == expected[:1]
    assert [row.row for row in data("squad", folder / "b").rows("train")] == [{"a": 1}, {"a": 2}]


def test_json_lines_packed_and_one_file_without_a_split(put):
    line = json.dumps({"premise": "p", "hypothesis": "h", "label": "entailment"}) + "\n"
    folder = put(**{"AX-b.jsonl.gz": gzip.compress(line.encode())})
    assert strings("superglue_rte", folder) == [("rte hypothesis: h premise: p", "entailment")]
    assert [*data("axb", folder).splits] == ["test"]  # which has no other split


def test_csv_of_ones_own(put):
    folder = put(mine_DOT_csv='sentence,label\n"a, ""b""\nc",1\n')
    assert strings("sst2", folder / "mine.csv") == [('sst2 sentence: a, "b"\nc', "positive")]


def test_languages_by_files_columns_and_ids(put):
    xnli = "language\tgold_label\tsentence1\tsentence2\n"
    qas = [{"id": f"{name}--1", "question": name, "answers": [{"text": "x"}]} for name in ("finnish", "korean")]
    squad = json.dumps({"data": [{"paragraphs": [{"context": "x", "qas": qas}]}]})
    mlqa = {f"dev-context-{c}-question-{q}.json": squad for c in ("de", "en") for q in ("de", "en")}
    folder = put(
        **{f"mlqa__dev__{n}": t for n, t in mlqa.items()},
        **{"tydiqa__train.json": squad},
        **{"xnli.dev.tsv": xnli + "de\tneutral\tp\th\nen\tneutral\tP\tH\n"},
    )
    assert len(strings("xnli", folder, "validation")) == 2
    assert strings("xnli/de", folder, "validation") == [("xnli: premise: p hypothesis: h", "1")]
    assert strings("tydiqa/fi", folder / "tydiqa") == [("question: finnish context: x", "x")]
    (file,) = data("mlqa/de", folder / "mlqa").splits["validation"]
    assert file.name == "dev-context-de-question-de.json"


def test_names_from_numbers_of_tags(put):
    rows = [{"tokens": ["Ada", "Holm", "left", "Rome"], "ner_tags": [1, 2, 0, 5], "langs": ["en"] * 4}]
    assert strings("ner", put(train_DOT_parquet=rows)) == [("tag: Ada Holm left Rome", "PER: Ada Holm $$ LOC: Rome")]


def test_training_passes_over_rows_without_a_label(put):
    folder = put(train_DOT_tsv="sentence\tlabel\na\t1\nb\t-1\nc\t\n", dev_DOT_tsv="sentence\na\n")
    assert strings("sst2", folder) == [("sst2 sentence: a", "positive")]
    assert len(strings("sst2", folder, training=False)) == 3
    data("sst2", folder).check()


def test_broken_lines_of_qqp_go_and_of_others_are_named(put):
    text = "question1\tquestion2\tis_duplicate\na\tb\t1\nc\nd\t0\n"
    assert len(strings("qqp", put(train_DOT_tsv=text))) == 1


def _damaged_gzip():
    packed = bytearray(gzip.compress(b"sentence\tlabel\na\t1\n", mtime=0))
    packed[10:14] = b"\xff" * 4
    return bytes(packed)


def _parquet_of(sentences, labels, *more):
    """The bytes of a Parquet file; texts given as a list of bytes become strings unchecked."""
    if isinstance(sentences, list):
        sentences = pa.array([text if isinstance(text, bytes) else text.encode() for text in sentences]).view(
            pa.string()
        )
    columns = [("sentence", sentences), ("label", pa.array(labels)), *((name, pa.array(one)) for name, one in more)]
    out = pa.BufferOutputStream()
    pq.write_table(pa.table([one for _, one in columns], names=[name for name, _ in columns]), out)
    return out.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("task", "name", "content", "message"),
    [
        ("sst2", "train.tsv", "sentence\tlabel\na\t1\nb\n", r"train\.tsv:3 has 1 columns, not 2 \(sentence, label\)"),
        (
            "sst2",
            "train.tsv",
            "text\tlabel\na\t1\n",
            r"no column 'sentence'.*sentence, label; there are text, label",
        ),
        ("mnli", "train.tsv", "premise\tlabel\na\t1\n", "no column 'hypothesis' or 'sentence2'"),
        ("sst2", "train.tsv", "sentence\tlabels\na\t1\n", "no column 'label'"),
        (
            "sst2",
            "train.tsv",
            "sentence\tlabel\na\tgood\n",
            r"train\.tsv:2: 'good' is not a label: expected one of",
        ),
        ("sst2", "train.tsv", "sentence\tlabel\na\t-1\n", "gives no example for sst2: no row has a label"),
        ("sst2", "train.tsv", "sentence\tlabel\n", "has no row"),
        ("sst2", "train.tsv", "", "has no row"),
        ("sst2", "train.tsv", b"sentence\tlabel\n\xff\t1\n", "is not UTF-8 text"),
        ("sst2", "train.tsv.gz", b"no gzip", "cannot be read: Not a gzipped file"),
        ("sst2", "train.jsonl", '{"sentence": "a", "label": 1}\n{"sen\n', r"train\.jsonl:2 is not JSON"),
        ("sst2", "train.jsonl", "[1]\n", r"train\.jsonl:1 is a list: expected an object"),
        ("sst2", "train.jsonl", '{"sentence": null, "label": 1}\n', r"train\.jsonl:1: nothing in column 'sentence'"),
        ("sst2", "train.json", "{", "is not JSON"),
        ("sst2", "train.json", "3", "holds one int: expected a list of records"),
        ("sst2", "train.parquet", b"PAR1", "is not a readable Parquet file"),
        ("sst2", "other.md", "", r"has no file of train or validation or test.*There: none that can be read"),
        ("sst2", "a/train.tsv", "", "has no file of train"),
        ("wsc", "train.jsonl", '{"text": "a b", "target": {}, "label": true}\n', r":1 does not have the.*'span1_text'"),
        ("wsc", "train.jsonl", '{"text": 3, "target": {"span1_text": "a"}, "label": true}\n', ":1 does not have the"),
        (
            "squad",
            "train.jsonl",
            '{"question": [], "context": "b", "answers": []}\n',
            ":1 does not have the shape",
        ),
        ("sst2", "train.tsv", "sentence\tlabel\tlabel\na\t1\t0\n", ":1 names the column 'label' twice"),
        ("sst2", "train.csv", 'sentence,label\na,1\n"b,1\nc,0\n', r"train\.csv:4 has 1 columns.*begins in line 3, so"),
        ("sst2", "train.tsv", "sentence\tlabel\ra\t1\rb\t0\r", "ends in a lone carriage return"),
        ("sst2", "train.csv", b"sentence,label\na,1\n\xff,1\n", r"train\.csv:3 is not UTF-8 text"),
        ("sst2", "train.tsv.gz", _damaged_gzip(), "train.tsv.gz cannot be read: Error -3"),
        ("sst2", "train.parquet", _parquet_of([b"\xff"], [1]), "train.parquet is not UTF-8 text"),
        ("sst2", "train.parquet", _parquet_of(["a"], [1], ("label", [0])), "has the column 'label' twice"),
        (
            "sst2",
            "train.parquet",
            _parquet_of(pa.array([b"a"]), [1]),
            "row 1: column 'sentence' holds a bytes: expected",
        ),
        (
            "sst2",
            "train.jsonl",
            '{"sentence": ["a"], "label": 1}\n',
            ":1: column 'sentence' holds a list: expected a te",
        ),
        ("sst2", "train.jsonl", '{"sentence": {}, "label": 1}\n', ":1: column 'sentence' holds a dict"),
        ("sst2", "train.jsonl", '{"sentence": "a", "label": 1, "label": 0}\n', "the key 'label' is listed twice"),
        ("sst2", "train.jsonl", "[" * 100_000, r"train\.jsonl:1 is not JSON: it is nested too deep"),
        ("sst2", "train.json", "[" * 100_000, "is not JSON: it is nested too deep"),
        ("sst2", "train.jsonl", '{"sentence": "a\\ud800", "label": 1}\n', r":1: '\\ud800' is half of a character"),
        ("sst2", "train.csv", 'sentence,label\n"a\nb",1\n"c\nd"\n', r"train\.csv:5 has 1 columns, not 2"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(put, task, name, content, message):
    folder = put(**{name.replace("/", "__"): content})
    with pytest.raises(ConfigError, match=message) as error:
        found = data(task, folder)
        found.check()
        [*found.examples("train")]
    assert "\n" not in str(error.value)


def test_what_is_not_there_and_what_is_there_twice(put, tmp_path):
    with pytest.raises(ConfigError, match="does not exist: expected a file, or a folder with train, validation, test"):
        data("sst2", tmp_path / "none").check()
    folder = put(train_DOT_tsv="", train_DOT_jsonl="")
    with pytest.raises(ConfigError, match=r"train in files of several kinds, train\.jsonl and train\.tsv"):
        data("sst2", folder).check()


def test_sums_are_told_and_checked(put):
    text = "sentence\tlabel\na\t1\n"
    sums = hashlib.sha256(text.encode()).hexdigest()
    folder = put(train_DOT_tsv=text, dev_DOT_tsv=text, SHA256SUMS=f"{sums}  train.tsv\n{'0' * 64} *./dev.tsv\n")
    assert data("sst2", folder).sums("train") == {"train.tsv": sums}
    with pytest.raises(ConfigError, match=r"dev\.tsv is damaged or a different file: its sha256 is"):
        data("sst2", folder).sums("validation")
    put(SHA256SUMS=b"\xff\n")
    with pytest.raises(ConfigError, match="SHA256SUMS is not UTF-8 text"):
        data("sst2", folder).sums("train")
    put(SHA256SUMS="train.tsv is fine\n")
    with pytest.raises(ConfigError, match=r"SHA256SUMS:1 is not a sha256sum line"):
        data("sst2", folder).sums("train")
