"""c4pipe.flow.dedup: packets of packed rows, in memory or through files, to the partitions and back to the groups."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from c4pipe.dedup.claims import CLAIM, INSIDE, LOSS
from c4pipe.dedup.urls import URL_LOSS
from c4pipe.files.assets import Assets
from c4pipe.flow.dedup import ClaimText, Packet, Resolve, losses_of, receive, send, url_losses
from c4pipe.flow.files import BeamStore
from c4pipe.flow.settings import Settings
from c4pipe.presets import find_preset

PARTS = [(2, b"ab"), (0, b""), (7, b"cde")]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        preset=find_preset("en.tfds"),
        assets=Assets(),
        output=f"{tmp_path}/corpus",
        staging=f"{tmp_path}/staging",
        inputs=1,
        units=1,
        cut=False,
        input_bytes=1,
        shards=None,
        rejected="none",
        limit_pages=None,
        spill_rows=10,
        description={"files": [], "identifiers": [], "versions": {}, "fingerprint": ""},
    )


@pytest.mark.parametrize("spill", [False, True])
def test_what_is_sent_is_received(tmp_path: Path, spill: bool) -> None:
    sent = list(send(5, iter(PARTS), spill, BeamStore(), f"{tmp_path}/spill/text-5"))
    assert [to for to, _ in sent] == [2, 0, 7]
    assert list(receive([packet for _, packet in sent], BeamStore())) == [(5, data) for _, data in PARTS]
    assert all(packet.data == b"" for _, packet in sent) == spill


def test_a_packet_that_was_spilled_is_small_and_so_is_its_file(tmp_path: Path) -> None:
    (_, packet), *_ = send(5, iter(PARTS), True, BeamStore(), f"{tmp_path}/text-5")
    assert packet == (5, b"", f"{tmp_path}/text-5", 0, 2)
    assert Path(packet.path).read_bytes() == b"abcde"


@pytest.mark.parametrize("spill", [False, True])
def test_losses_come_back_the_way_that_the_claims_came(settings: Settings, tmp_path: Path, spill: bool) -> None:
    claims = {group: np.array([(8, 3 + group, row)], CLAIM).tobytes() for group, row in ((0, 6), (1, 9), (2, 4))}
    store = BeamStore(settings.staging)
    packets = []
    for group, data in claims.items():
        path = f"{settings.staging}/text-{group}"
        packets += [packet for _, packet in send(group, [(0, data)], spill, store, path)]
    resolve = Resolve(settings, "text")
    resolve.setup()
    found = dict(resolve.process((0, packets)))
    assert {bool(Packet(*packet).path) for packet in found.values()} == {spill}
    nothing = np.empty(0, INSIDE).tobytes()
    assert {group: losses_of(nothing, [packet], store).tolist() for group, packet in found.items()} == {
        1: [(9, 3, False)],
        2: [(4, 3, False)],
    }


def test_rows_and_losses_of_several_partitions_are_one(tmp_path: Path) -> None:
    store = BeamStore()
    parts = [np.array([(row, False) for row in rows], URL_LOSS).tobytes() for rows in ([7, 2], [5])]
    packets = [
        p for n, data in enumerate(parts) for _, p in send(n, [(0, data)], n == 1, store, f"{tmp_path}/urls-{n}")
    ]
    assert url_losses(packets, store)["row"].tolist() == [2, 5, 7]
    assert url_losses([], store).tolist() == []
    assert losses_of(b"", [], store).tolist() == np.empty(0, LOSS).tolist()


def test_only_larger_shuffles_are_spilled_and_none_into_a_bucket(settings: Settings) -> None:
    bucket = replace(settings, staging="gs://bucket/staging")
    spilled = [[ClaimText(one)._spill(rows) for rows in (10, 11)] for one in (settings, bucket)]
    assert spilled == [[False, True], [False, False]]
    assert not ClaimText(replace(settings, spill_rows=0))._spill(11)
