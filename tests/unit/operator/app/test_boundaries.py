"""What the operator must not touch."""

from __future__ import annotations

import subprocess
import sys

import kopf

from synthos_operator.app.watching import registry, settings


def test_importing_the_operator_loads_neither_torch_nor_pandas() -> None:
    code = (
        "import sys, synthos_operator.app.main, synthos_operator.app.watching;"
        "print([m for m in ('torch', 'pandas', 'pyarrow', 'boto3', 'synthos_engine') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_kopf_keeps_no_state_in_the_cluster() -> None:
    """Only event handlers: kopf adds finalizers and annotations for every other kind of handler."""
    handlers = registry(lambda _: None)
    assert isinstance(handlers, kopf.OperatorRegistry)
    assert len(handlers._watching.get_all_handlers()) == 4
    for kind in (handlers._changing, handlers._spawning, handlers._indexing, handlers._webhooks):
        assert not list(kind.get_all_handlers())
    chosen = settings()
    assert not chosen.posting.enabled
    assert chosen.peering.standalone
    assert chosen.scanning.disabled
