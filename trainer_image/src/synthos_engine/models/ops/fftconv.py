"""Causal convolution along time: y[t] = sum over s <= t of filter[s] * x[t - s].

Four ways to the same numbers; `causal_convolution` picks one by length. Shapes:
`x` is (batch, heads, channels, time), `filters` (heads, length), all channels of a head sharing
its filter. Transforms run in float32 whatever the autocast: half precision loses the small terms.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

TOEPLITZ_TIME = 256
"""Up to here a matrix product is faster than three transforms, on CPUs and GPUs alike."""
BLOCK = 4096
"""Block length of overlap-add; it pays for filters no longer than a block, in sequences of several."""


def causal_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """The convolution, by the fastest way for these lengths; same shape and dtype as `x`."""
    time, length = x.shape[-1], filters.shape[-1]
    if time <= TOEPLITZ_TIME:
        return toeplitz_convolution(x, filters)
    if length <= BLOCK and time > 2 * BLOCK:
        return overlap_add_convolution(x, filters)
    return fft_convolution(x, filters)


def toeplitz_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """Product with the lower triangular Toeplitz matrix of each filter; O(time^2)."""
    batch, heads, channels, time = x.shape
    reach = min(time, filters.shape[-1])
    # Zeros on the left are the weights of the future, zeros on the right those beyond the filter.
    padded = F.pad(filters[:, :reach], (time - 1, time - reach))
    matrix = padded.unfold(-1, time, 1).flip(-1)  # (heads, time out, time in)
    columns = x.permute(1, 3, 0, 2).reshape(heads, time, batch * channels)
    product = torch.bmm(matrix.to(x.dtype), columns)
    return product.view(heads, time, batch, channels).permute(2, 0, 3, 1)


def fft_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """Product of transforms, zero-padded so that nothing wraps around; O(time log time)."""
    time = x.shape[-1]
    full = _full_convolution(x, filters[:, :time])
    return full[..., :time].to(x.dtype)


def overlap_add_convolution(x: Tensor, filters: Tensor, block: int = BLOCK) -> Tensor:
    """Convolves block after block and adds each one's tail to the next; the filter must fit a block."""
    if filters.shape[-1] > block:
        raise ValueError(f"a filter of {filters.shape[-1]} does not fit into blocks of {block}")
    time = x.shape[-1]
    blocks = -(-time // block)
    pieces = F.pad(x, (0, blocks * block - time)).view(*x.shape[:-1], blocks, block)
    full = _full_convolution(pieces, filters[:, None])  # each 2 * block long
    head, tail = full[..., :block], full[..., block:]
    carried = F.pad(tail[..., :-1, :], (0, 0, 1, 0))
    return (head + carried).flatten(-2)[..., :time].to(x.dtype)


def direct_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """The definition, term by term in float64: what the fast ways are checked against."""
    x, filters = x.double(), filters.double()
    result = torch.zeros_like(x)
    for shift in range(min(x.shape[-1], filters.shape[-1])):
        result[..., shift:] += filters[:, shift, None, None] * x[..., : x.shape[-1] - shift]
    return result


def _full_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """Linear convolution of the last axis, padded to twice its length; (..., 2 * time)."""
    size = 2 * x.shape[-1]
    with torch.autocast(x.device.type, enabled=False):
        spectrum = torch.fft.rfft(x.float(), n=size)
        response = torch.fft.rfft(filters.float(), n=size).unsqueeze(1)  # one filter for a head's channels
        full: Tensor = torch.fft.irfft(spectrum * response, n=size)
        return full
