"""Sizes by formula, on the meta device, and against the specification."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from synthos_api.errors import UsageError
from synthos_engine.models import NAMES, build_model, nearest_model, parameter_count


@pytest.mark.parametrize("vocab_size", [256, 50_257])
@pytest.mark.parametrize("name", NAMES)
def test_the_formula_equals_the_meta_device_count(name: str, vocab_size: int) -> None:
    model = build_model(name, vocab_size=vocab_size, device="meta")
    assert sum(p.numel() for p in model.parameters()) == parameter_count(name, vocab_size=vocab_size)


@pytest.mark.parametrize(
    ("name", "vocab_size", "size"),
    [
        ("tiny", 50_257, 76e6),
        ("small", 50_257, 454e6),
        ("base", 50_257, 983e6),
        ("nano-30k", 256, 30e3),
        ("nano-1m", 256, 1e6),
    ],
)
def test_sizes_within_one_percent(name: str, vocab_size: int, size: float) -> None:
    assert parameter_count(name, vocab_size=vocab_size) == pytest.approx(size, rel=0.01)


@pytest.mark.parametrize(("name", "size"), [("nano-100k", 100e3), ("nano-300k", 300e3)])
def test_nano_sizes_within_two_percent(name: str, size: float) -> None:
    assert parameter_count(name, vocab_size=256) == pytest.approx(size, rel=0.02)


def test_tokens_in_logits_out() -> None:
    logits = build_model("nano-30k", vocab_size=300)(torch.randint(300, (3, 20)))
    assert logits.shape == (3, 20, 300)


def test_the_same_seed_gives_the_same_weights() -> None:
    def weights() -> list[torch.Tensor]:
        torch.manual_seed(7)
        return list(build_model("nano-100k", vocab_size=256).parameters())

    assert all(torch.equal(a, b) for a, b in zip(weights(), weights(), strict=True))


def test_an_untrained_model_is_about_uniform() -> None:
    torch.manual_seed(0)
    tokens = torch.randint(256, (8, 65))
    loss = F.cross_entropy(build_model("nano-300k", vocab_size=256)(tokens[:, :-1]).transpose(1, 2), tokens[:, 1:])
    assert 5.0 < loss < 6.5  # ln 256 = 5.55


def test_unknown_names_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="nano-30k"):
        build_model("huge")
    with pytest.raises(UsageError, match="not available yet"):
        build_model("tiny", architecture="temporal_eigenstate")
    with pytest.raises(UsageError, match="transformer"):
        build_model("tiny", architecture="transformer")


def test_the_nearest_model_of_a_size() -> None:
    assert [nearest_model(n) for n in (30_000, 90_000, 76_000_000, 454_000_000, 983_000_000)] == [
        "nano-30k",
        "nano-100k",
        "tiny",
        "small",
        "base",
    ]
    with pytest.raises(UsageError, match="no model of about 7000000000"):
        nearest_model(7_000_000_000)
