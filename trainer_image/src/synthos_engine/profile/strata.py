"""Which cluster any row of the dataset belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .clusters import ClusterModel
from .embedding import ColumnScale, embed


@dataclass(frozen=True)
class Strata:
    """Tells of any row of the dataset which cluster it belongs to."""

    scales: tuple[ColumnScale, ...]
    model: ClusterModel

    @property
    def count(self) -> int:
        return len(self.model.centroids)

    def of(self, batch: pa.RecordBatch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Cluster numbers of the rows, shape (rows,)."""
        return self.model.assign(embed(batch, self.scales))[0]
