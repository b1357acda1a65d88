"""Special tokens: which they are, and what each of them does.

| role | BERT style | sequence style | what it does |
|---|---|---|---|
| opening | [CLS] | <bos> | stands before the text; in BERT its last vector is used as that of the sentence |
| closing | [SEP] | <eos> | stands behind each text of a pair; where text is generated, it ends it |
| pad | [PAD] | <pad> | fills texts of a batch up to one length; the mask takes it out again |
| unknown | [UNK] | <unk> | stands for what the vocabulary cannot spell |
| mask | [MASK] | none | stands in pretraining for a token that is to be guessed |

Each has its row of the embedding table, and the rows are learned like all others (but for the padding's, which nothing reads).
"""

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class SpecialTokens:
    """The special tokens of a tokenizer by their role; None where it has none.

    When a tokenizer is trained, they get the first ids, in this order.
    """

    opening: str | None = None
    closing: str | None = None
    pad: str | None = None
    unknown: str | None = None
    mask: str | None = None

    @property
    def names(self) -> list[str]:
        """The tokens that there are, each once, in the order of the roles."""
        return list(dict.fromkeys(name for name in astuple(self) if name is not None))


BERT = SpecialTokens("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]")
SEQUENCE = SpecialTokens("<bos>", "<eos>", "<pad>", "<unk>")

# As CLIP names them; it has no padding of its own and fills up with the closing token.
CLIP = SpecialTokens("<|startoftext|>", "<|endoftext|>", pad="<|endoftext|>")
