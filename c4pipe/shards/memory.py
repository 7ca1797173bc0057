"""How large a table is in memory: what the Hub calls `num_bytes`, and `datasets` counts while it reads a file."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def memory_of(table: pa.Table) -> int:
    """Bytes of a table in memory as a function of its rows alone, however it was chunked, sliced or read.

    It is the `nbytes` of a table that has validity bitmaps only where there are nulls: the values, an offset of 4 bytes
    for each text or list (8 if it is large), and a bit for each boolean.
    """
    whole = table.combine_chunks()  # so that bits are rounded up to bytes once
    return sum(_array(chunk) for column in whole.itercolumns() for chunk in column.chunks)


def _array(array: pa.Array) -> int:
    kind = array.type
    if pa.types.is_dictionary(kind):  # the reader of `datasets` decodes dictionaries
        return _array(array.dictionary_decode())
    if isinstance(array, pa.ExtensionArray):
        return _array(array.storage)
    size = -(-len(array) // 8) if array.null_count else 0
    if pa.types.is_struct(kind):
        return size + sum(_array(array.field(i)) for i in range(kind.num_fields))
    if pa.types.is_fixed_size_list(kind):
        return size + _array(array.flatten())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return size + len(array) * (8 if pa.types.is_large_list(kind) else 4) + _array(array.flatten())
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return size + 4 * len(array) + (pc.sum(pc.binary_length(array)).as_py() or 0)
    if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        return size + 8 * len(array) + (pc.sum(pc.binary_length(array)).as_py() or 0)
    try:
        return int(size + -(-len(array) * kind.bit_width // 8))
    except ValueError:  # a type without a width
        return int(array.nbytes)
