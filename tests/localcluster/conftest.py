"""Every test keeps its clusters and locks in folders of its own; binaries come from the user's cache."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.localcluster import process
from hack.localcluster.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    """An empty state directory; processes that a test left in it are ended."""
    layout = Layout(tmp_path / "state")
    layout.state.mkdir()
    yield layout
    process.kill(process.find_marked(layout.state))
