"""Voice, text and any other sequence, joined in one network.

The voice is read by any family of `models/model.py`, its last layer taken off; text by an encoder of `text_encoder.py`; any
other named sequence by an encoder that answers alike, as `signal_encoder.py`'s does. `joining.py` has the three kinds of
fusion: early, middle (joint or by cross-attention), late.

A family may give its frames for middle fusion: `tokens(features, lengths)` returns `[batch, frame, unit]` and lengths,
`summary(tokens, lengths)` makes of them what `embed` returns, and `token_width` says the units. One that does not is a
single vector.

In training each clip is answered twice, with all that it has and with some of it hidden (`twice`), and both answers count; so
the network learns to answer with what is left. The readers work once for both: no clip's voice goes unheard for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from paraverbal.models.joining import Cross, Early, Heard, Late, Middle, Width
from paraverbal.models.masking import Lengths, is_inside
from paraverbal.settings import FusionSettings

AUDIO = "audio"
TEXT = "text"

# Of each named sequence: values, token ids `[batch, step]` or features `[batch, step, feature]`, and what is inside, 0 or 1,
# `[batch, step]`. A clip of which nothing is inside has no such input.
Beside = Mapping[str, tuple[Tensor, Tensor]]


class AudioReader(nn.Module):
    """A family of networks as a reader of the voice: frames and an embedding in place of logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        output: Any = network.output
        self.network: Any = network
        token_width = getattr(network, "token_width", None)
        self.width = Width(int(output.in_features), token_width)
        self.network.output = nn.Identity()

    def forward(self, features: Tensor, lengths: Lengths, present: Tensor) -> Heard:
        """Return what is heard in features `[batch, feature, frame]`."""
        if self.width.tokens is None:
            return Heard(self.network.embed(features, lengths), present)
        tokens, lengths = self.network.tokens(features, lengths)
        pooled = self.network.summary(tokens, lengths)
        inside = torch.ones_like(tokens[..., 0], dtype=torch.bool)
        if lengths is not None:
            inside = is_inside(lengths, tokens.shape[1])
        return Heard(pooled, present, tokens, inside)


class Fusion(nn.Module):
    """Features of the voice and named sequences beside it -> logits `[batch, label]`, and dimensions behind them.

    Args:
        settings: Kind of fusion.
        audio: A network of any family that is trained by gradient; None where no voice is heard.
        encoders: Name -> what reads that sequence.
        labels: Emotions.
        outputs: All outputs, dimensions such as arousal behind the emotions; None: the emotions alone.

    Raises:
        ValueError: Nothing is read, cross-attention has only one kind of input, or another number of weights than of kinds.
    """

    def __init__(
        self,
        settings: FusionSettings,
        audio: nn.Module | None,
        encoders: Mapping[str, nn.Module],
        *,
        labels: int,
        outputs: int | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.minimum_frames = 1 if audio is None else int(getattr(audio, "minimum_frames", 1))
        self.audio = None if audio is None else AudioReader(audio)
        self.encoders = nn.ModuleDict(encoders)
        widths = {} if self.audio is None else {AUDIO: self.audio.width}
        widths |= {name: Width(int(one.width), int(one.width)) for name, one in encoders.items()}  # type: ignore[arg-type]
        self.modalities = tuple(widths)
        self.dropout = nn.Dropout(settings.dropout)
        self.join = _join(settings, widths, labels, outputs or labels)
        self.output = nn.Identity() if settings.kind == "late" else nn.Linear(settings.units, outputs or labels)

    @property
    def view_shares(self) -> tuple[float, ...]:
        """How much the loss of each answer counts in training: with everything, and with some input hidden."""
        share = self.settings.modality_dropout if len(self.modalities) > 1 else 0.0
        return (1 - share, share) if share else (1.0,)

    def forward(
        self,
        features: Tensor,
        lengths: Lengths = None,
        beside: Beside | None = None,
        present: Tensor | None = None,
        *,
        twice: bool = False,
    ) -> Tensor:
        """Return logits `[batch, label]` and dimensions, `[batch, output]`.

        Args:
            features: Of the voice, `[batch, feature, frame]`; of a network that hears none, only their number counts.
            lengths: Frames of each clip; None: all are full.
            beside: The sequences; of one that is left out no clip has any.
            present: Whether each clip has each kind of input, `[batch, modality]`, 0 or 1, in the order of `modalities`; None:
                the voice is there, and each sequence of which something is inside.
            twice: Answer again with some of each clip's input hidden, below the first: `[2 * batch, output]`.
        """
        heard = self._heard(features, lengths, beside or {}, present)
        if not twice:
            return self._answer(heard)
        left = hidden(torch.stack([one.present for one in heard], dim=1)).unbind(dim=1)
        partly = [replace(one, present=there) for one, there in zip(heard, left, strict=True)]
        return torch.cat([self._answer(heard), self._answer(partly)])

    def _answer(self, heard: list[Heard]) -> Tensor:
        joined: Tensor = self.join(heard)
        if self.settings.kind == "late":
            return joined
        logits: Tensor = self.output(self.dropout(joined))
        return logits

    def embed(
        self, features: Tensor, lengths: Lengths = None, beside: Beside | None = None, present: Tensor | None = None
    ) -> Tensor:
        """Return the embedding `[batch, unit]`; of late fusion the pooled vectors side by side, zeros for what is missing."""
        heard = self._heard(features, lengths, beside or {}, present)
        if self.settings.kind == "late":
            return torch.cat([one.pooled * one.present.unsqueeze(1).to(one.pooled.dtype) for one in heard], dim=1)
        embedding: Tensor = self.join(heard)
        return embedding

    def _heard(self, features: Tensor, lengths: Lengths, beside: Beside, present: Tensor | None) -> list[Heard]:
        sequences = {name: self._sequence(name, beside, features) for name in self.encoders}
        there = [] if self.audio is None else [torch.ones_like(features[:, 0, 0], dtype=torch.bool)]
        there += [inside.any(dim=1) for _, inside in sequences.values()]
        flags = torch.stack(there, dim=1)
        if present is not None:
            flags = flags & (present > 0)
        columns = dict(zip(self.modalities, flags.unbind(dim=1), strict=True))
        heard = [] if self.audio is None else [self.audio(features, lengths, columns[AUDIO])]
        for name, (values, inside) in sequences.items():
            encoder: Any = self.encoders[name]
            tokens = encoder.tokens(values, inside)
            heard.append(Heard(encoder.pooled(tokens, inside), columns[name], tokens, inside))
        return heard

    def _sequence(self, name: str, beside: Beside, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return values and what is inside, bool; one step that is not inside where no clip has the sequence."""
        if name in beside:
            values, inside = beside[name]
            return values, inside > 0
        empty = torch.zeros(features.shape[0], 1, device=features.device)
        project = getattr(self.encoders[name], "project", None)
        values = empty.long() if project is None else empty.unsqueeze(2).expand(-1, -1, project.in_features)
        return values, empty > 0


def hidden(present: Tensor) -> Tensor:
    """Return what is left of each clip when some of its kinds of input are hidden, bool `[batch, modality]`.

    Of a clip that has two or more, one at least is hidden and one at least is left: each is kept with probability 0.5, and one
    alone, as likely as the others, where all or none would be. Draws come from torch's own generator.
    """
    drawn = torch.rand(2, *present.shape).to(present.device)
    kept = present & (drawn[0] < 0.5)
    lone = torch.where(present, drawn[1], -1.0).argmax(dim=1, keepdim=True)
    single = torch.zeros_like(present).scatter(1, lone, True) & present
    is_part = kept.any(dim=1, keepdim=True) & (kept != present).any(dim=1, keepdim=True)
    return torch.where(is_part, kept, single)


def _join(settings: FusionSettings, widths: Mapping[str, Width], labels: int, outputs: int) -> nn.Module:
    """Return what joins the kinds of input."""
    names: Sequence[str] = tuple(widths)
    if not names:
        raise ValueError("a fusion of nothing; give a network for the voice, or encoders")
    if settings.kind == "early":
        return Early(widths, settings.units)
    if settings.kind == "late":
        weights = None if settings.mix == "learned" else settings.weights
        if weights is not None and len(weights) != len(names):
            raise ValueError(f"fusion.weights has {len(weights)} numbers for {', '.join(names)}; give one for each")
        geometric = settings.mean == "geometric"
        heads = (settings.units, settings.dropout)
        return Late(widths, labels, outputs, weights=weights, is_geometric=geometric, head=heads)
    if settings.attention == "cross" and len(names) < 2:
        raise ValueError(f"cross-attention needs two kinds of input, there is {names[0]} alone; take joint")
    kind = Cross if settings.attention == "cross" else Middle
    return kind(widths, settings.units, layers=settings.layers, heads=settings.heads, dropout=settings.dropout)
