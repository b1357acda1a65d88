"""Each rule of the learning rate is its formula, and goes on where it was interrupted."""

import copy
import itertools
import json

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from paraverbal.settings import TrainingSettings
from paraverbal.training.schedule import Schedule, build_optimizer

RATE = 0.1
SCHEDULES = ("constant", "plateau", "time", "exponential", "one_cycle")
STEPS = 3
# The validation loss of epochs that get better, stand still, and get worse.
LOSSES = [1.0, 0.9, 0.95, 0.9, 0.9, 0.92, 0.5, 0.6, 0.7, 0.8]


def made(**changes) -> Schedule:
    settings = TrainingSettings(**{"learning_rate": RATE, "plateau_patience": 1, "epochs": len(LOSSES)} | changes)
    schedule = Schedule(build_optimizer(nn.Linear(2, 2), settings), settings)
    schedule.set_length(STEPS)
    return schedule


def rates_of(schedule: Schedule, losses: list[float], steps: int = STEPS) -> list[float]:
    """Return the rate of each step."""
    rates = []
    for loss in losses:
        for _ in range(steps):
            schedule.before_step()
            rates += [group["lr"] for group in schedule.optimizer.param_groups]
        schedule.after_epoch(loss)
    return rates


def test_a_constant_rate_stays() -> None:
    assert rates_of(made(schedule="constant", decay=0.5), LOSSES) == [RATE] * STEPS * len(LOSSES)


@pytest.mark.parametrize("decay", [1e-6, 1e-2, 0.5])
def test_decay_in_time_divides_the_rate_by_one_and_decay_for_each_step_done(decay) -> None:
    rates = rates_of(made(schedule="time", decay=decay), LOSSES)
    assert rates == pytest.approx([RATE / (1 + decay * step) for step in range(STEPS * len(LOSSES))], rel=1e-12)
    assert rates[0] == RATE
    assert all(later < earlier for earlier, later in itertools.pairwise(rates))


def test_exponential_decay_takes_its_share_after_each_epoch_and_none_within() -> None:
    rates = rates_of(made(schedule="exponential", decay=0.2), LOSSES)
    epochs = torch.tensor(rates).view(-1, STEPS)
    assert torch.equal(epochs.amin(1), epochs.amax(1))
    assert rates[::STEPS] == pytest.approx([RATE * 0.8**epoch for epoch in range(len(LOSSES))], rel=1e-12)


def test_the_rate_is_halved_when_the_loss_was_no_lower_for_more_epochs_than_patience_allows() -> None:
    losses = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.6, 0.6]
    rates = rates_of(made(schedule="plateau"), losses, steps=1)
    # 0.9 stands still in epochs 3 and 4, more than the one that patience allows, and again in 5 and 6.
    assert rates == pytest.approx([RATE] * 4 + [RATE / 2] * 2 + [RATE / 4] * 4, rel=1e-12)


def test_a_plateau_multiplies_by_the_factor_asked_for_and_takes_no_other_schedules_decay() -> None:
    rates = rates_of(made(schedule="plateau", plateau_factor=0.1, plateau_patience=0, decay=0.5), [1.0] * 4, steps=1)
    assert rates == pytest.approx([RATE, RATE, RATE / 10, RATE / 100], rel=1e-12)


def test_one_cycle_rises_to_the_rate_and_falls_to_nothing_along_half_a_cosine_each() -> None:
    rates = rates_of(made(schedule="one_cycle", epochs=200, warmup=0.25), [1.0] * 200)
    assert rates[0] == pytest.approx(RATE / 25, rel=0.01)
    assert [max(rates), rates[149], rates[150]] == pytest.approx([RATE] * 3, rel=1e-3)
    assert rates[75] == pytest.approx((RATE + RATE / 25) / 2, rel=0.02)  # half way up
    assert rates[375] == pytest.approx(RATE / 2, rel=0.02)  # half way down
    assert rates[-1] < RATE * 1e-4
    assert np.all(np.diff(rates[:150]) > 0)
    assert np.all(np.diff(rates[150:]) < 0)


def test_one_cycle_is_torchs_where_that_has_the_same_ends() -> None:
    schedule = made(schedule="one_cycle", epochs=1000)
    rates = rates_of(schedule, [1.0] * 1000, steps=STEPS)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=3000, cycle_momentum=False)
    expected = []
    for _ in range(3000):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    assert rates == pytest.approx(expected, abs=RATE * 2e-3)  # ours takes the middle of a step, theirs its start


def test_a_cycle_without_warmup_begins_at_the_rate() -> None:
    rates = rates_of(made(schedule="one_cycle", warmup=0.0), LOSSES)
    assert rates[0] == pytest.approx(RATE, rel=0.01)
    assert np.all(np.diff(rates) < 0)


def test_adamw_takes_its_decay_from_weights_of_layers_alone() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0)
    optimizer = build_optimizer(network, TrainingSettings(optimizer="adamw", learning_rate=0.1, weight_decay=0.5))
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    assert torch.allclose(network[0].weight, torch.full((2, 3), 0.95))
    assert all(torch.equal(one, torch.ones(2)) for one in (network[0].bias, network[1].weight, network[1].bias))


@pytest.mark.parametrize("kind", SCHEDULES)
def test_an_interrupted_schedule_goes_on_as_one_that_was_not(kind) -> None:
    changes = {"schedule": kind, "decay": 0.1, "plateau_patience": 0}
    whole = rates_of(made(**changes), LOSSES)
    for stop in range(1, len(LOSSES)):
        first, second = made(**changes), made(**changes)
        rates = rates_of(first, LOSSES[:stop])
        state = json.loads(json.dumps(first.state_dict()))
        second.optimizer.load_state_dict(copy.deepcopy(first.optimizer.state_dict()))  # the rate itself is kept with it
        second.load_state_dict(state)
        assert rates + rates_of(second, LOSSES[stop:]) == whole
    assert (len(set(whole)) == 1) == (kind == "constant")


def steps_of(settings: TrainingSettings, gradient_of, count: int) -> list[Tensor]:
    """Return the weights before, and after each of `count` steps."""
    layer = nn.Linear(3, 1, bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0, 0.5]]))
    optimizer = build_optimizer(layer, settings)
    weights = [layer.weight.detach().clone()]
    for _ in range(count):
        layer.weight.grad = gradient_of(layer.weight.detach())
        optimizer.step()
        weights.append(layer.weight.detach().clone())
    return weights


def bowl(weights: Tensor) -> Tensor:
    """The gradient of a quadratic form."""
    return weights * torch.tensor([[1.0, 3.0, 0.2]], dtype=torch.float64)


def test_sgd_is_nesterovs() -> None:
    momentum, decay = 0.8, 0.05
    settings = TrainingSettings(optimizer="sgd", learning_rate=RATE, momentum=momentum, weight_decay=decay)
    found = steps_of(settings, bowl, 3)
    weights, velocity = found[0], torch.zeros(1, 3, dtype=torch.float64)
    for after in found[1:]:
        gradient = bowl(weights) + decay * weights
        velocity = momentum * velocity + gradient
        weights = weights - RATE * (gradient + momentum * velocity)  # looks one step of the momentum ahead
        torch.testing.assert_close(after, weights, atol=1e-12, rtol=0)


def test_sgd_without_momentum_is_the_gradient_times_the_rate() -> None:
    settings = TrainingSettings(optimizer="sgd", learning_rate=RATE, momentum=0.0, weight_decay=0.0)
    before, after = steps_of(settings, bowl, 1)
    torch.testing.assert_close(after, before - RATE * bowl(before), atol=1e-12, rtol=0)


def test_adams_first_step_is_the_rate_whatever_the_size_of_the_gradient() -> None:
    settings = TrainingSettings(optimizer="adam", learning_rate=RATE, weight_decay=0.0)
    before, after = steps_of(settings, bowl, 1)
    torch.testing.assert_close(after, before - RATE * bowl(before).sign(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9), (0.0, 0.984)])
@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_adam_divides_a_running_mean_by_that_of_the_squares(name: str, betas: tuple[float, float]) -> None:
    settings = TrainingSettings(optimizer=name, learning_rate=RATE, weight_decay=0.0, betas=betas)
    found = steps_of(settings, bowl, 4)
    mean = square = torch.zeros(1, 3, dtype=torch.float64)
    weights = found[0]
    for step, after in enumerate(found[1:], 1):
        gradient = bowl(weights)
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        weights = weights - RATE * (mean / (1 - betas[0] ** step)) / (square / (1 - betas[1] ** step)).sqrt()
        torch.testing.assert_close(after, weights, atol=1e-6, rtol=0)
