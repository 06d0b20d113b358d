"""Blocks sketched on the workers of a Dask cluster, reached by the address of its scheduler."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from synthos_api.errors import OutOfMemory, ResourceError, UsageError

from .executors import Block, Sketches, shipped, sketch_shipped
from .sketch import DatasetSketch

_CONNECT_SECONDS: Final = 10
_LOOK_SECONDS: Final = 5
"""How often a wait looks whether there is still a worker."""


@dataclass(frozen=True)
class DaskCluster:
    """Raises ResourceError where no scheduler answers or no worker is left, OutOfMemory when workers keep dying.

    The workers need this package; `distributed` comes with the extra `dask`.
    """

    address: str

    def sketches(self, schema: pa.Schema, seed: int, blocks: Iterator[Block]) -> Sketches:
        client = self._connected()
        waiting: deque[Any] = deque()
        try:
            most = 2 * max(1, sum(client.nthreads().values()))
            for block in blocks:
                arguments = (schema, seed, block.first_row, shipped(block))
                waiting.append(client.submit(sketch_shipped, *arguments, pure=False))
                if len(waiting) > most:
                    yield self._result(client, waiting.popleft())
            while waiting:
                yield self._result(client, waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()
            client.close()

    def _connected(self) -> Any:
        try:
            from distributed import Client
        except ImportError as error:
            raise UsageError("--dask needs the package distributed: install synthos-validation[dask]") from error
        try:
            make: Any = Client
            return make(self.address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ResourceError(f"no Dask scheduler answers at {self.address}: {error}") from error

    def _result(self, client: Any, future: Any) -> DatasetSketch:
        from distributed import CancelledError, KilledWorker
        from distributed.comm.core import CommClosedError

        while True:
            try:
                sketch: DatasetSketch = future.result(timeout=_LOOK_SECONDS)
            except TimeoutError as error:
                # Dask itself would wait for another worker without end.
                if not client.scheduler_info()["workers"]:
                    raise ResourceError(f"the Dask cluster at {self.address} has no worker left") from error
            except KilledWorker as error:
                message = "Dask workers died while they profiled rows; most likely they ran out of memory"
                raise OutOfMemory(message) from error
            except (CancelledError, CommClosedError, OSError) as error:
                raise ResourceError(f"lost the Dask cluster at {self.address}: {error}") from error
            else:
                return sketch
