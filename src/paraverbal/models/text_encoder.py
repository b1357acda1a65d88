"""What reads a text's tokens: a small transformer of our own, or a pretrained BERT-like model.

Both answer the same: `width`; `tokens(ids, inside)`, a vector for each token; `pooled(tokens, inside)`, one for the text.
`inside` is the attention mask as bool `[batch, token]`; what stands where it is false changes nothing.
"""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from paraverbal.errors import TextError, optional
from paraverbal.models.positions import positions
from paraverbal.models.transformer import Pooling, TransformerLayer
from paraverbal.settings import TextSettings


class TextEncoder(nn.Module):
    """A transformer trained from scratch: token ids `[batch, token]` -> vectors `[batch, token, width]`.

    Args:
        settings: Width, layers, heads, positions, pooling.
        vocabulary_size: Rows of the table of embeddings.
    """

    def __init__(self, settings: TextSettings, vocabulary_size: int) -> None:
        super().__init__()
        self.width = settings.width
        self.table = nn.Embedding(vocabulary_size, settings.width)
        self.positions = positions(settings.positions, settings.max_length, settings.width)
        self.dropout = nn.Dropout(settings.dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(settings.width, settings.heads, settings.dropout) for _ in range(settings.layers)
        )
        self.norm = nn.LayerNorm(settings.width)
        self.pooling = Pooling(settings.pooling, settings.width)

    def tokens(self, ids: Tensor, inside: Tensor) -> Tensor:
        """Return a vector for each token, which has heard the others of its text."""
        sequence = self.dropout(self.positions(self.table(ids)))
        for layer in self.layers:
            sequence = layer(sequence, inside)
        normalised: Tensor = self.norm(sequence)
        return normalised

    def pooled(self, tokens: Tensor, inside: Tensor) -> Tensor:
        """Return the vector `[batch, width]` of each text, of `tokens [batch, token, width]`."""
        vector: Tensor = self.pooling(tokens, inside)
        return vector


class PretrainedTextEncoder(nn.Module):
    """Any BERT-like model of the library transformers, from a local folder or a hub name.

    Args:
        settings: Where it is, whether it stays frozen, pooling.
        vocabulary_size: Tokens of the tokenizer; the model must have a row for each.

    Raises:
        MissingExtraError: transformers is not installed.
        TextError: There is no such model, it is none that reads text, or it has fewer rows than there are tokens.
    """

    def __init__(self, settings: TextSettings, vocabulary_size: int) -> None:
        super().__init__()
        self.model = load_pretrained(settings.pretrained)
        self.width = int(self.model.config.hidden_size)
        rows = int(self.model.get_input_embeddings().num_embeddings)
        if rows < vocabulary_size:
            raise TextError(
                f"{settings.pretrained}: has rows for {rows:,} tokens, the tokenizer has {vocabulary_size:,}; set "
                "text.tokenizer to the model's own"
            )
        self.is_frozen = settings.frozen
        self.model.requires_grad_(not settings.frozen)
        self.pooling = Pooling(settings.pooling, self.width)

    def train(self, mode: bool = True) -> "PretrainedTextEncoder":
        """Set the mode; a frozen model is never trained, so that its dropout is off."""
        super().train(mode)
        if self.is_frozen:
            self.model.eval()
        return self

    def tokens(self, ids: Tensor, inside: Tensor) -> Tensor:
        """Return the last layer's vector of each token."""
        hidden: Tensor = self.model(input_ids=ids, attention_mask=inside.long()).last_hidden_state
        return hidden

    def pooled(self, tokens: Tensor, inside: Tensor) -> Tensor:
        """Return the vector `[batch, width]` of each text, of `tokens [batch, token, width]`."""
        vector: Tensor = self.pooling(tokens, inside)
        return vector


def text_encoder(settings: TextSettings, vocabulary_size: int) -> TextEncoder | PretrainedTextEncoder:
    """Return the encoder that the settings ask for.

    Raises:
        MissingExtraError: A pretrained one, and transformers is not installed.
        TextError: A pretrained one that cannot be read, or does not fit the tokenizer.
    """
    kind = PretrainedTextEncoder if settings.encoder == "pretrained" else TextEncoder
    return kind(settings, vocabulary_size)


def load_pretrained(name: str) -> Any:
    """Return a pretrained model in float32, without its head.

    Attention is computed plainly: the faster ways give NaN where a text has no tokens, and do not export.

    Raises:
        MissingExtraError: transformers is not installed.
        TextError: There is no such model, or none of text.
    """
    transformers = optional("transformers")
    folder = Path(name)
    try:
        model = transformers.AutoModel.from_pretrained(
            str(folder) if folder.is_dir() else name, attn_implementation="eager", dtype="float32"
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise TextError(
            f"{name}: no pretrained model can be read from it ({reason}); give a folder with config.json and "
            "model.safetensors, or a name of the hub"
        ) from error
    if not hasattr(model.config, "hidden_size") or model.main_input_name != "input_ids":
        raise TextError(f"{name}: is a {type(model).__name__}, which reads no text; give a BERT-like model")
    return model
