"""Columns as Hugging Face describes them: the names of each Arrow type in `datasets` and the Hub.

`datasets` itself is not a dependency of a build; a test compares this table with it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.errors import ConfigError

_RENAMED = {"halffloat": "float16", "float": "float32", "double": "float64", "date32[day]": "date32"}
_RENAMED |= {"date64[ms]": "date64"}
_AS_ARROW_SAYS = (
    *(pa.types.is_null, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_date),
    *(pa.types.is_time, pa.types.is_timestamp, pa.types.is_duration, pa.types.is_decimal128, pa.types.is_decimal256),
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary),
)


def check_schema(schema: pa.Schema) -> None:
    """Raises ConfigError for a column that Parquet or a dataset card cannot represent unchanged."""
    features_of(schema)
    for field in schema:
        if _may_lack_fixed_list(field):
            raise ConfigError(
                f"column {field.name!r} is {field.type}, where a list of a fixed size may be missing: Arrow cannot "
                "read that from Parquet. Take a list of any size, or a field with nullable=False."
            )
        stream = io.BytesIO()
        pq.write_table(pa.schema([field]).empty_table(), stream)
        back = pq.read_schema(stream).field(0).type
        if back != field.type:
            raise ConfigError(f"column {field.name!r} is {field.type}, which Parquet gives back as {back}. Take that.")


def _may_lack_fixed_list(field: pa.Field) -> bool:
    kind = field.type
    if pa.types.is_fixed_size_list(kind) and field.nullable:
        return True
    return any(_may_lack_fixed_list(kind.field(i)) for i in range(kind.num_fields))


def features_of(schema: pa.Schema) -> list[dict[str, Any]]:
    """Each column with its type, as in the `dataset_info` of a card. Raises ConfigError for a type without a name
    there.

    >>> features_of(pa.schema([("text", pa.string()), ("scores", pa.list_(pa.float32()))]))
    [{'name': 'text', 'dtype': 'string'}, {'name': 'scores', 'list': 'float32'}]
    """
    features = []
    for field in schema:
        try:
            features.append({"name": field.name, **_feature(field.type)})
        except TypeError as error:
            words = f"column {field.name!r} is {field.type}, and Hugging Face has no name for {error}"
            raise ConfigError(f"{words}. Take numbers, text, bytes, dates, or lists and structs of them.") from None
    return features


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """A type without its name. Raises TypeError with the type if it has none."""
    if pa.types.is_dictionary(kind) and not pa.types.is_nested(kind.value_type):
        return _feature(kind.value_type)
    if isinstance(kind, pa.JsonType):
        return {"dtype": "json"}
    if pa.types.is_struct(kind) and kind.num_fields:
        return {"struct": [{"name": field.name, **_feature(field.type)} for field in kind]}
    if pa.types.is_fixed_size_list(kind):
        return {"list": _item(kind.value_type), "length": kind.list_size}
    if pa.types.is_list(kind):
        return {"list": _item(kind.value_type)}
    if pa.types.is_large_list(kind):
        return {"large_list": _item(kind.value_type)}
    if isinstance(kind, pa.BaseExtensionType) or not any(test(kind) for test in _AS_ARROW_SAYS):
        raise TypeError(kind)
    return {"dtype": _RENAMED.get(str(kind), str(kind))}


def _item(kind: pa.DataType) -> Any:
    """The type of a list's items, as short as `datasets` writes it."""
    feature = _feature(kind)
    return next(iter(feature.values())) if feature.keys() in ({"dtype"}, {"struct"}) else feature


def as_yaml(features: list[dict[str, Any]], indent: str) -> Iterator[str]:
    """The lines of a list in YAML."""
    for feature in features:
        for number, line in enumerate(_lines(feature, f"{indent}  ")):
            yield line if number else f"{indent}- {line.lstrip(' ')}"


def _lines(feature: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in feature.items():
        if isinstance(value, list):
            yield f"{indent}{key}:"
            yield from as_yaml(value, indent)
        elif isinstance(value, dict):
            yield f"{indent}{key}:"
            yield from _lines(value, f"{indent}  ")
        else:
            yield f"{indent}{key}: {_scalar(value)}"


def _scalar(value: str | int) -> str:
    """In quotes unless it is a name that YAML does not interpret otherwise.

    >>> _scalar("text"), _scalar("no"), _scalar("a: b")
    ('text', '"no"', '"a: b"')
    """
    plain = isinstance(value, int) or (value.isidentifier() and value.isascii() and value.lower() not in _WORDS)
    return str(value) if plain else json.dumps(value)


_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
