"""Files and records: each shard with its checksum, each config as a record set, and Croissant's names of Arrow
types."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from c4pipe.card.hub import configs_of, part
from c4pipe.shards import SPLITS

_PARQUET = "application/x-parquet"  # as `mlcroissant` names it
_SPLITS = "split_names"  # name of a record set; no config has this name
_SPLIT_URLS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit"}

Node = dict[str, Any]


def distribution(shards: list[Any]) -> list[Node]:
    """Every shard by its relative path, and for each config the set of its files."""
    return [*map(_file, shards), *(_files(config, shards) for config in configs_of(shards))]


def record_sets(shards: list[Any], schema: pa.Schema) -> list[Node]:
    """The names of the splits, and one record set per config, with a field for each column."""
    return [_split_names(), *(_records(config, schema) for config in configs_of(shards))]


def _file(shard: Mapping[str, Any]) -> Node:
    return {
        "@type": "cr:FileObject",
        "@id": _id(shard["path"]),
        "name": shard["path"].rpartition("/")[2],
        "contentUrl": shard["path"],
        "contentSize": f"{shard['bytes']} B",
        "encodingFormat": _PARQUET,
        "sha256": shard["sha256"],
    }


def _files(config: str, shards: list[Any]) -> Node:
    paths = (row["path"] for split in SPLITS for row in part(shards, config, split))
    patterns = dict.fromkeys(re.sub(r"-\d{5}(-of-\d{5}\.parquet)$", r"-?????\1", glob.escape(path)) for path in paths)
    return {
        "@type": "cr:FileSet",
        "@id": _set_of(config),
        "name": f"Parquet files of {config}",
        "encodingFormat": _PARQUET,
        "includes": [*patterns],
    }


def _set_of(config: str) -> str:
    return _id(f"parquet-files-of-{config}")


def _id(words: str) -> str:
    """`mlcroissant` takes no blanks in an identifier."""
    return re.sub(r"\s", "_", words)


def _split_names() -> Node:
    fields = (("name", "sc:Text"), ("url", "sc:URL"))
    return {
        "@type": "cr:RecordSet",
        "@id": _SPLITS,
        "name": _SPLITS,
        "description": "The validation split is one page in a thousand, by the hash of its URL.",
        "dataType": "cr:Split",
        "key": {"@id": f"{_SPLITS}/name"},
        "field": [{"@type": "cr:Field", "@id": f"{_SPLITS}/{name}", "dataType": kind} for name, kind in fields],
        "data": [{f"{_SPLITS}/name": name, f"{_SPLITS}/url": url} for name, url in _SPLIT_URLS.items()],
    }


def _records(config: str, schema: pa.Schema) -> Node:
    typed = {field.name: kind for field in schema if (kind := data_type(field.type))}
    left = [field.name for field in schema if field.name not in typed]
    more = f" Croissant has no type for the columns {', '.join(left)}." if left else ""
    return {
        "@type": "cr:RecordSet",
        "@id": _id(config),
        "name": config,
        "description": f"One record per page of the config {config}.{more}",
        "field": [_split_field(config), *_columns(config, typed)],
    }


def _split_field(config: str) -> Node:
    """Extracted from the file's name; `mlcroissant` applies the expression to the path, then to its result."""
    expression = f"(?:{re.escape(config)}/)?({'|'.join(SPLITS)})(?:-.+[.]parquet)?$"
    return {
        "@type": "cr:Field",
        "@id": _id(f"{config}/split"),
        "name": "split",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": _set_of(config)},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": expression},
        },
        "references": {"field": {"@id": f"{_SPLITS}/name"}},
    }


def _columns(config: str, typed: Mapping[str, Node]) -> Iterable[Node]:
    taken = set[str]()
    for name, kind in typed.items():
        named = _id(f"{config}/{name}")
        while named in taken:
            named += "_"
        taken.add(named)
        source = {"fileSet": {"@id": _set_of(config)}, "extract": {"column": name}}
        field = {"@type": "cr:Field", "@id": named, "name": name}
        if "subField" not in kind:
            yield field | kind | {"source": source}
            continue
        within = [
            {"@type": "cr:Field", "@id": _id(f"{named}/{part['name']}"), **part}
            | {"source": source | {"transform": {"jsonPath": part["name"]}}}
            for part in kind["subField"]
        ]
        yield field | kind | {"subField": within}


_NUMBERS = {"halffloat": "Float16", "float": "Float32", "double": "Float64"}
_NUMBERS |= {f"{sign}int{bits}": f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


def data_type(kind: pa.DataType) -> Node | None:
    """The data type of a field; None for one that Croissant has no word for: bytes, lists of lists, deeper ones.

    >>> data_type(pa.string()), data_type(pa.list_(pa.int32())), data_type(pa.binary())
    ({'dataType': 'sc:Text'}, {'dataType': 'cr:Int32', 'isArray': True, 'arrayShape': '-1'}, None)
    >>> data_type(pa.struct([("task", pa.string())]))
    {'subField': [{'name': 'task', 'dataType': 'sc:Text'}]}
    """
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        item = _item_type(kind.value_type)
        return item and {**item, "isArray": True, "arrayShape": "-1"}
    return _item_type(kind)


def _item_type(kind: pa.DataType) -> Node | None:
    if not pa.types.is_struct(kind):
        return (word := _word(kind)) and {"dataType": word}
    parts = [{"name": field.name, "dataType": _word(field.type)} for field in kind]
    plain = all(part["dataType"] and part["name"].isidentifier() for part in parts)  # a name is a JSON path
    return {"subField": parts} if parts and plain else None


def _word(kind: pa.DataType) -> Any:
    if pa.types.is_dictionary(kind):
        return _word(kind.value_type)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "sc:Text"
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_date(kind):
        return "sc:Date"
    if pa.types.is_timestamp(kind):
        return "sc:DateTime"
    number = _NUMBERS.get(str(kind))
    return number and f"cr:{number}"
