"""A logit depends on its own and earlier tokens only, in training and evaluation, at every length."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from synthos_engine.models import build_model
from synthos_engine.models.config import ModelConfig
from synthos_engine.models.resonance_nn import ResonanceNN

LENGTHS = [2, 17, 64, 128, 257, 600]  # matrix products up to 256, transforms beyond


def models() -> dict[str, nn.Module]:
    torch.manual_seed(1)
    several_scales = ModelConfig(256, 32, 2, 48, 8, longest_period=2048)
    return {
        "nano-30k": build_model("nano-30k", vocab_size=256),
        "nano-300k": build_model("nano-300k", vocab_size=256),
        "several scales": ResonanceNN(several_scales),
    }


MODELS = models()


def tokens_of(time: int) -> Tensor:
    return torch.randint(256, (2, time), generator=torch.Generator().manual_seed(time))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("time", LENGTHS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_later_tokens_change_nothing(name: str, time: int, training: bool) -> None:
    model = MODELS[name].train(training)
    tokens = tokens_of(time)
    for split in {1, time // 2, time - 1}:
        changed = tokens.clone()
        changed[:, split:] = (changed[:, split:] + 101) % 256
        with torch.no_grad():
            before, after = model(tokens), model(changed)
        scale = before[:, :split].abs().max()
        assert (before[:, :split] - after[:, :split]).abs().max() <= 1e-5 * scale
        # The test can fail: what may change does change.
        assert (before[:, split:] - after[:, split:]).abs().max() > 1e-3 * scale


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("time", LENGTHS)
def test_no_gradient_from_the_future(name: str, time: int) -> None:
    model = MODELS[name]
    embedded: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        embedded.append(output.detach().requires_grad_())
        return embedded[-1]

    handle = model.embedding.register_forward_hook(keep)  # type: ignore[union-attr]
    logits = model(tokens_of(time))
    handle.remove()
    for position in {0, (time - 1) // 2, time - 2}:
        (gradient,) = torch.autograd.grad(logits[:, position].sum(), embedded[0], retain_graph=True)
        size = gradient.abs().amax(dim=(0, 2))
        assert size[position] > 0
        assert size[position + 1 :].max() <= 1e-7 * max(1.0, float(size.max()))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("time", LENGTHS)
def test_the_loss_with_the_suffix_hidden_equals_the_loss_with_it_visible(name: str, time: int) -> None:
    model, tokens = MODELS[name], tokens_of(time)
    shown = max(2, time // 2)
    with torch.no_grad():
        whole = model(tokens)[:, : shown - 1]
        prefix = model(tokens[:, : shown - 1])
    targets = tokens[:, 1:shown]
    losses = [F.cross_entropy(logits.transpose(1, 2), targets) for logits in (whole, prefix)]
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_training_and_evaluation_do_not_differ(name: str) -> None:
    model, tokens = MODELS[name], tokens_of(64)
    with torch.no_grad():
        assert torch.equal(model.train()(tokens), model.eval()(tokens))
