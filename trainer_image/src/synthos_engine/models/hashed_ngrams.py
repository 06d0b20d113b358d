"""Hashed n-gram embeddings: the last bytes, looked up as one.

A small network spends most of its capacity on spelling; a table of hashed 2- and 3-grams gives it
that for the price of a lookup (as in fastText, Bojanowski et al. 2017, arXiv 1607.04606; bytes:
Pagnoni et al. 2024, arXiv 2412.09871). The n-gram at t ends at t, so the lookup is causal.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_MULTIPLIER = 0x9E3779B1  # 2^32 divided by the golden ratio: spreads neighbours (Knuth, TAOCP 3, 6.4)


class HashedNgrams(nn.Module):
    """Sum over `orders` of the hashed n-gram's embedding; (batch, time) tokens -> (batch, time, width)."""

    def __init__(self, orders: tuple[int, ...], buckets: int, table_width: int, width: int) -> None:
        super().__init__()
        self.orders, self.buckets = orders, buckets
        self.table = nn.Embedding(len(orders) * buckets, table_width)
        self.project = nn.Linear(table_width, width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        rows = [self._bucket(tokens, order) + i * self.buckets for i, order in enumerate(self.orders)]
        projected: Tensor = self.project(self.table(torch.stack(rows)).sum(dim=0))
        return projected

    def _bucket(self, tokens: Tensor, order: int) -> Tensor:
        """Bucket of the n-gram that ends at each position; before the start counts as token -1."""
        time = tokens.shape[-1]
        padded = F.pad(tokens + 1, (order - 1, 0))
        code = torch.zeros_like(tokens)
        for i in range(order):
            code = ((code + padded[..., i : i + time]) * _MULTIPLIER) & 0xFFFFFFFF
            code = code ^ (code >> 15)
        return code % self.buckets
