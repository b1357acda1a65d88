"""What training makes small."""

import torch
from torch import Tensor
from torch.nn import functional

# Below this spread of truth and answer together a batch says nothing of their agreement.
LEAST_SPREAD = 1e-8


def concordance_loss(answer: Tensor, truth: Tensor) -> Tensor:
    """Return 1 - CCC, the mean over dimensions: 0 where all agree, 1 where answers are unrelated or constant.

    The concordance correlation coefficient is taken over the batch, of the clips whose truth is known (Lin 1989; as a loss:
    Trigeorgis et al., "Adieu features?", ICASSP 2016). A dimension that fewer than two clips of the batch have, or on which
    truth and answer are both constant, is left out; without any the loss is 0, with a gradient of 0.

    Args:
        answer: Float `[batch, dimension]`.
        truth: The same shape; NaN where a clip has no value.
    """
    known = truth.isfinite()
    count = known.sum(dim=0)
    shares = known.to(answer.dtype) / count.clamp(min=1)
    truth = torch.where(known, truth, 0.0)
    means = [(shares * values).sum(dim=0) for values in (truth, answer)]
    apart = [values - mean for values, mean in zip((truth, answer), means, strict=True)]
    covariance = (shares * apart[0] * apart[1]).sum(dim=0)
    spread = sum((shares * one.square()).sum(dim=0) for one in apart) + (means[0] - means[1]).square()
    told = (count > 1) & (spread > LEAST_SPREAD)
    losses = torch.where(told, 1 - 2 * covariance / torch.where(told, spread, 1.0), 0.0)
    return losses.sum() / told.sum().clamp(min=1)


def emotion_loss(logits: Tensor, labels: Tensor, smoothing: float = 0.0, possible: Tensor | None = None) -> Tensor:
    """Return the mean cross-entropy in nats of logits `[batch, label]` and class indices `[batch]`.

    Args:
        logits: `[batch, label]`.
        labels: `[batch]`.
        smoothing: Share of each truth that is spread over all labels (Szegedy et al. 2016).
        possible: Which labels a clip could have, bool `[batch, label]`, its own among them; the others' logits do not count.
            None: all of them.
    """
    if possible is None:
        return functional.cross_entropy(logits, labels, label_smoothing=smoothing)
    surprises = -logits.masked_fill(~possible, -torch.inf).log_softmax(dim=1)
    own = surprises.gather(1, labels.unsqueeze(1)).squeeze(1)
    spread = surprises.masked_fill(~possible, 0).sum(dim=1) / possible.sum(dim=1)
    return ((1 - smoothing) * own + smoothing * spread).mean()
