"""What voice and text are worth to a model, for the page of a run and for the terminal."""

from collections.abc import Mapping
from typing import Any

from paraverbal.errors import RunError
from paraverbal.evaluation.ablation import AUDIO_ONLY, BOTH, SHUFFLED, TEXT, TEXT_ONLY
from paraverbal.report.tables import align, p_value, percent, signed, signed_interval

Document = Mapping[str, Any]

# A p value below this, adjusted by Holm, is called a difference.
LEVEL = 0.05

_MEANING = {
    (BOTH, AUDIO_ONLY): "The text adds {difference} points of UAR to the voice",
    (BOTH, TEXT_ONLY): "The voice adds {difference} points of UAR to the text",
    (BOTH, SHUFFLED): "The right texts are worth {difference} points of UAR more than those of other clips",
    (TEXT, SHUFFLED): "The right texts are worth {difference} points of UAR more than those of other clips",
}


def ablation_text(found: Document) -> str:
    """Return scores and differences as plain text; empty for a model that reads no text."""
    if not found:
        return ""
    rows = [[row["name"], percent(row["uar"]), percent(row["wa"])] for row in found["results"]]
    parts = [align([[f"{found['clips']} clips with text", "UAR %", "WA %"], *rows]), *ablation_sentences(found)]
    return "\n".join(parts)


def ablation_section(document: Document) -> dict[str, Any] | None:
    """Return the ablation of a run for its page; None for a model that reads no text.

    Raises:
        RunError: Part of it is missing.
    """
    found = document.get("ablation")
    if not found:
        return None
    try:
        return {
            "clips": found["clips"],
            "results": found["results"],
            "sentences": ablation_sentences(found),
            "shares": found["shares"],
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"result.json: ablation is damaged ({error}); train or evaluate anew") from error


def ablation_sentences(found: Document) -> list[str]:
    """Return what the text adds, what the voice adds, and whether the right text matters, each with its test."""
    sentences = [_sentence(pair) for pair in found["pairs"] if (pair["first"], pair["second"]) in _MEANING]
    shares = found["shares"].get("all")
    if shares:
        told = " and ".join(f"{name} {signed(share)}" for name, share in shares.items())
        sentences.append(f"Share in the decisions, in points of their confidence: {told}.")
    return sentences


def _sentence(pair: Document) -> str:
    what = _MEANING[pair["first"], pair["second"]].format(difference=signed(pair["uar_difference"]))
    told = "" if pair["uar_interval"] is None else f" (95 % interval {signed_interval(pair['uar_interval'])})"
    p = pair["p_mcnemar"] if pair["p_adjusted"] is None else pair["p_adjusted"]
    test = "McNemar" if pair["p_adjusted"] is None else "paired bootstrap, Holm"
    verdict = "" if p < LEVEL else ": no difference that could not be chance"
    return f"{what}{told}; p {p_value(p)} ({test}){verdict}."
