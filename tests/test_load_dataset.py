"""A user's first step: datasets.load_dataset on the folder, offline."""

import json
import os
import subprocess
import sys

import pytest

from c4pipe.shards import PAGE_SCHEMA
from tests.wetfiles import SAMPLES, manifest_of, rows

LOAD = """
import json, os, sys
from datasets import get_dataset_config_names, load_dataset

folder, streaming = sys.argv[1], sys.argv[2] == "streaming"
found = load_dataset(folder, "en", streaming=streaming)
print(json.dumps({
    "configs": get_dataset_config_names(folder),
    "columns": {name: list(split.features) for name, split in found.items()},
    "types": {column: feature.dtype for column, feature in found["train"].features.items()},
    "memory": {name: 0 if streaming else split.data.nbytes for name, split in found.items()},
    "rows": {name: list(split) for name, split in found.items()},
}), flush=True)
os._exit(0)  # the threads of a streaming reader may abort an interpreter that ends while they run
"""


@pytest.mark.parametrize("how", ["whole", pytest.param("streaming", marks=pytest.mark.soak)])
def test_load_dataset(built, tmp_path, how):
    pytest.importorskip("datasets")
    folder = built(SAMPLES)
    environment = {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_DATASETS_CACHE": str(tmp_path / "cache"),
    }
    # A process of its own: datasets reads these settings once, when it is imported.
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(folder), how],
        env=os.environ | environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    columns = PAGE_SCHEMA.names
    assert found["configs"] == ["en"]
    assert found["columns"] == {"train": columns, "validation": columns}
    assert found["types"] == dict.fromkeys(columns, "string") | {"language_score": "float64"}
    counts = {shard["split"]: shard["rows"] for shard in manifest_of(folder)["shards"]}
    assert set(counts) == {"train", "validation"}
    if how == "whole":
        assert found["memory"] == {shard["split"]: shard["memory"] for shard in manifest_of(folder)["shards"]}
    for split, number in counts.items():
        assert len(found["rows"][split]) == number
        assert found["rows"][split] == list(rows(folder, f"en/{split}-*"))
