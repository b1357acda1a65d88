"""What lies behind a clip's end counts for nothing: not in a mean, not in the statistics of a batch."""

import copy

import pytest
import torch
from torch import Tensor, nn

from paraverbal.models.masking import (
    MaskedBatchNorm1d,
    MaskedBatchNorm2d,
    is_inside,
    mask,
    mean_over_time,
    pooled,
    silenced,
)

LENGTHS = torch.tensor([3, 7, 1, 5])
CHANNELS = 4
NORMS = pytest.mark.parametrize(
    ("masked", "plain", "shape"),
    [
        (MaskedBatchNorm1d, nn.BatchNorm1d, (4, CHANNELS, 7)),
        (MaskedBatchNorm2d, nn.BatchNorm2d, (4, CHANNELS, 5, 7)),
    ],
)


def noise(shape: tuple[int, ...], seed: int = 0) -> Tensor:
    """Return values with a mean and deviation of their own in each channel."""
    generator = torch.Generator().manual_seed(seed)
    scale = torch.arange(1.0, 1 + shape[1]).view(1, -1, *[1] * (len(shape) - 2))
    return torch.randn(shape, generator=generator) * scale + 2 * scale


def joined(values: Tensor, lengths: Tensor) -> Tensor:
    """Return the frames of all clips, one behind the other, as one clip."""
    return torch.cat([one[..., :length] for one, length in zip(values, lengths.tolist(), strict=True)], -1).unsqueeze(0)


def as_plain(norm: nn.Module, plain: type[nn.Module]) -> nn.Module:
    """Return torch's own layer with the same weights and statistics."""
    twin = plain(CHANNELS)
    twin.load_state_dict(copy.deepcopy(norm.state_dict()))
    return twin.train(norm.training)


def coloured(norm: nn.Module) -> nn.Module:
    """Give weights and running statistics other values than those they begin with."""
    with torch.no_grad():
        for number, tensor in enumerate((norm.weight, norm.bias, norm.running_mean, norm.running_var)):
            tensor.copy_(torch.linspace(0.5 + number, 2, CHANNELS))
    return norm


def test_a_frame_is_inside_up_to_the_length_of_its_clip() -> None:
    expected = [[True, False, False], [True, True, True], [False, False, False]]
    assert is_inside(torch.tensor([1, 3, 0]), 3).tolist() == expected


@pytest.mark.parametrize("shape", [(4, 7), (4, 2, 7), (4, 2, 5, 7)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_mask_has_the_axes_and_the_type_of_what_it_masks(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    found = mask(torch.zeros(shape, dtype=dtype), LENGTHS)
    assert found.dtype == dtype
    assert found.dim() == len(shape)
    assert torch.equal(found.reshape(4, 7).bool(), is_inside(LENGTHS, 7))


def test_silence_lies_behind_the_ends_and_nothing_else_is_changed() -> None:
    values = noise((4, 2, 7))
    found = silenced(values, LENGTHS)
    for clip, length in enumerate(LENGTHS.tolist()):
        assert torch.equal(found[clip, :, :length], values[clip, :, :length])
        assert not found[clip, :, length:].any()
    assert silenced(values, None) is values


def test_a_pooling_keeps_the_frames_that_it_fills() -> None:
    for size in (2, 3, 4):
        frames = nn.MaxPool1d(size)(torch.zeros(1, 1, 7)).shape[-1]
        assert int(pooled(torch.tensor([7]), size)) == frames
    assert pooled(LENGTHS, 2).tolist() == [1, 3, 0, 2]
    assert pooled(None, 2) is None


@pytest.mark.parametrize("shape", [(4, 3, 7), (4, 3, 5, 7)])
def test_the_mean_over_time_is_that_of_each_clip_alone(shape: tuple[int, ...]) -> None:
    values = noise(shape)
    found = mean_over_time(values, LENGTHS)
    for clip, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(found[clip], values[clip, ..., :length].mean(-1), atol=1e-6, rtol=1e-6)
    assert torch.equal(mean_over_time(values, None), values.mean(-1))


@NORMS
def test_the_norm_of_padded_clips_is_torchs_norm_of_their_frames_in_a_row(masked, plain, shape) -> None:
    norm = coloured(masked(CHANNELS)).train()
    twin = as_plain(norm, plain)
    values = noise(shape).requires_grad_()
    frames = joined(values.detach(), LENGTHS).requires_grad_()
    found, expected = joined(norm(values, LENGTHS), LENGTHS), twin(frames)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)

    weight = noise(tuple(expected.shape), seed=1)
    (found * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(joined(values.grad, LENGTHS), frames.grad, atol=1e-5, rtol=1e-4)
    assert not (values.grad * (1 - mask(values, LENGTHS))).any()
    for name in ("weight", "bias"):
        gradients = [getattr(layer, name).grad for layer in (norm, twin)]
        torch.testing.assert_close(*gradients, atol=1e-4, rtol=1e-5)
    for name, buffer in twin.named_buffers():
        torch.testing.assert_close(getattr(norm, name), buffer, atol=1e-6, rtol=1e-5)


@NORMS
@pytest.mark.parametrize("far", [0.0, 1000.0])
def test_a_mean_far_from_zero_costs_the_norm_no_precision(masked, plain, shape, far: float) -> None:
    """Running statistics know the mean, as after some steps."""
    norm = masked(CHANNELS).train()
    values = noise(shape) + far
    twin = as_plain(norm, plain)
    norm.running_mean.copy_(joined(values, LENGTHS).movedim(1, 0).flatten(1).mean(1))
    found, expected = joined(norm(values, LENGTHS), LENGTHS), twin.double()(joined(values, LENGTHS).double())
    torch.testing.assert_close(found.double(), expected, atol=2e-6 + 5e-7 * far, rtol=1e-5)


@NORMS
def test_in_bfloat16_output_and_gradient_are_those_of_float32_as_near_as_it_can_tell(masked, plain, shape) -> None:
    weight = noise(shape, seed=1) * mask(noise(shape), LENGTHS)
    results = []
    for dtype in (torch.float32, torch.bfloat16):
        norm = coloured(masked(CHANNELS)).train()
        values = noise(shape).bfloat16().to(dtype).requires_grad_()
        found = norm(values, LENGTHS)
        assert found.dtype == dtype
        (found * weight.to(dtype)).sum().backward()
        results.append(
            (joined(found.detach(), LENGTHS).float(), values.grad.float(), norm.weight.grad, norm.running_var)
        )
    for near, exact in zip(*results[::-1], strict=True):
        torch.testing.assert_close(near, exact, atol=0.02 * float(exact.abs().max()), rtol=0)


@NORMS
def test_running_statistics_follow_torchs_over_several_batches(masked, plain, shape) -> None:
    norm = masked(CHANNELS).train()
    twin = as_plain(norm, plain)
    for seed in range(5):
        values = noise(shape, seed)
        norm(values, LENGTHS)
        twin(joined(values, LENGTHS))
    assert int(norm.num_batches_tracked) == 5
    for name, buffer in twin.named_buffers():
        torch.testing.assert_close(getattr(norm, name), buffer, atol=1e-6, rtol=1e-5)
    assert not torch.allclose(norm.running_var, torch.ones(CHANNELS))


@NORMS
def test_what_lies_behind_the_ends_changes_nothing(masked, plain, shape) -> None:
    values = noise(shape)
    loud = torch.where(mask(values, LENGTHS).bool(), values, 1e4)
    norms = [coloured(masked(CHANNELS)).train() for _ in range(2)]
    outputs = [norm(given, LENGTHS) for norm, given in zip(norms, (values, loud), strict=True)]
    assert torch.equal(*(joined(output, LENGTHS) for output in outputs))
    assert torch.equal(norms[0].running_var, norms[1].running_var)


@NORMS
def test_without_lengths_the_norm_is_exactly_torchs(masked, plain, shape) -> None:
    norm = coloured(masked(CHANNELS)).train()
    twin = as_plain(norm, plain)
    assert torch.equal(norm(noise(shape)), twin(noise(shape)))
    assert all(torch.equal(getattr(norm, name), buffer) for name, buffer in twin.named_buffers())


@NORMS
def test_full_lengths_give_what_no_lengths_give(masked, plain, shape) -> None:
    norms = [coloured(masked(CHANNELS)).train() for _ in range(2)]
    full = norms[0](noise(shape), torch.full((4,), 7))
    torch.testing.assert_close(full, norms[1](noise(shape)), atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(norms[0].running_var, norms[1].running_var, atol=1e-6, rtol=1e-5)


@NORMS
def test_in_evaluation_the_norm_is_exactly_torchs_and_remembers_nothing(masked, plain, shape) -> None:
    norm = coloured(masked(CHANNELS)).eval()
    twin = as_plain(norm, plain)
    before = copy.deepcopy(norm.state_dict())
    for lengths in (None, LENGTHS):
        assert torch.equal(norm(noise(shape), lengths), twin(noise(shape)))
    assert all(torch.equal(tensor, before[name]) for name, tensor in norm.state_dict().items())


@NORMS
def test_one_frame_in_all_keeps_the_statistics_finite(masked, plain, shape) -> None:
    norm = masked(CHANNELS).train()
    output = norm(noise((1, *shape[1:-1], 2)), torch.tensor([1]))
    assert torch.isfinite(output).all()
    assert torch.isfinite(norm.running_var).all()


@NORMS
def test_the_type_of_the_values_stays_and_statistics_are_taken_in_float32(masked, plain, shape) -> None:
    norm = masked(CHANNELS).train()
    values = noise(shape).bfloat16()
    output = norm(values, LENGTHS)
    assert output.dtype == torch.bfloat16
    exact = joined(values, LENGTHS).double().transpose(0, 1).flatten(1)
    torch.testing.assert_close(norm.running_mean.double(), 0.1 * exact.mean(1), atol=1e-6, rtol=1e-6)


def test_gradients_keep_their_channels_innermost() -> None:
    """Else what follows goes through memory in leaps: no number would tell, but steps took a tenth longer."""
    values = noise((4, 2, 7)).transpose(1, 2).contiguous().transpose(1, 2).requires_grad_()
    seen: list[Tensor] = []
    inner = values.exp()
    inner.register_hook(seen.append)  # type: ignore[no-untyped-call]
    mean = mean_over_time(inner, LENGTHS)
    mean.square().sum().backward()  # type: ignore[no-untyped-call]
    assert seen[0].stride() == values.stride()
    assert torch.equal(mean, mean_over_time(inner.contiguous(), LENGTHS))


def test_silence_is_the_same_however_channels_lie_in_memory() -> None:
    values = noise((4, CHANNELS, 5, 7))
    innermost = values.contiguous(memory_format=torch.channels_last)
    assert torch.equal(silenced(innermost, LENGTHS), silenced(values, LENGTHS))
    assert silenced(innermost, LENGTHS).is_contiguous(memory_format=torch.channels_last)
