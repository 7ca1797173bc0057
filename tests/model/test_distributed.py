"""model.distributed: where the processes of one machine listen."""

from __future__ import annotations

import pytest

from model import distributed

VARIABLES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")


@pytest.mark.parametrize(
    ("local", "world", "set_before", "after"),
    [("2", "2", None, "lo"), ("2", "4", None, None), ("2", "2", "eth0", "eth0")],
    ids=["one machine", "two machines", "the user's word"],
)
def test_on_one_machine_they_are_not_open_to_others(
    monkeypatch: pytest.MonkeyPatch, local: str, world: str, set_before: str | None, after: str | None
) -> None:
    environment = {"LOCAL_WORLD_SIZE": local, "WORLD_SIZE": world}
    if set_before:
        environment |= dict.fromkeys(VARIABLES, set_before)
    monkeypatch.setattr(distributed.os, "environ", environment)
    monkeypatch.setattr(distributed.socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
    distributed._stay_on_this_machine()
    assert {environment.get(name) for name in VARIABLES} == {after}
