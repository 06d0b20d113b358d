"""Where a cluster's state goes."""

from pathlib import Path

import pytest

from hack.localcluster import paths


def test_a_checkout_with_a_short_path_keeps_its_state_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNTHOS_STATE", raising=False)
    monkeypatch.setattr(paths, "REPOSITORY", Path("/srv/synthos"))
    assert paths.state_dir("dev") == Path("/srv/synthos/build/cluster/dev")


def test_a_checkout_with_a_long_path_leaves_room_for_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNTHOS_STATE", raising=False)
    monkeypatch.setattr(paths, "REPOSITORY", Path("/srv") / ("long" * 20))
    state = paths.state_dir("dev")
    paths.check_socket_room(state)
    monkeypatch.setattr(paths, "REPOSITORY", Path("/srv") / ("other" * 20))
    assert paths.state_dir("dev") != state
