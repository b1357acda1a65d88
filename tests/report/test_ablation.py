"""What a report says of voice and text."""

from typing import Any

import pytest

from paraverbal.errors import RunError
from paraverbal.report.ablation import ablation_section, ablation_sentences, ablation_text


def pair(first: str, second: str, difference: float, p: float | None) -> dict[str, Any]:
    return {
        "first": first,
        "second": second,
        "uar_difference": difference,
        "uar_interval": None if p is None else [difference - 0.02, difference + 0.02],
        "p_mcnemar": 0.5,
        "p_adjusted": p,
    }


FOUND = {
    "clips": 120,
    "results": [{"name": "both", "uar": 0.7, "wa": 0.71}, {"name": "audio only", "uar": 0.695, "wa": 0.7}],
    "pairs": [
        pair("both", "audio only", 0.005, 0.4),
        pair("both", "text only", 0.5, 0.0002),
        pair("audio only", "text only", 0.495, 0.001),
        pair("both", "shuffled text", 0.0, None),
    ],
    "shares": {"all": {"audio": 0.5, "text": -0.01}},
}


def test_a_difference_that_may_be_chance_is_called_so() -> None:
    adds, worth, right, shares = ablation_sentences(FOUND)
    assert adds == (
        "The text adds +0.5 points of UAR to the voice (95 % interval -1.5 to +2.5); p 0.400 (paired bootstrap, Holm): "
        "no difference that could not be chance."
    )
    assert worth.startswith("The voice adds +50.0 points of UAR to the text")
    assert worth.endswith("p < 0.001 (paired bootstrap, Holm).")
    assert "p 0.500 (McNemar)" in right
    assert shares == "Share in the decisions, in points of their confidence: audio +50.0 and text -1.0."


def test_the_text_has_a_line_for_each_condition() -> None:
    lines = ablation_text(FOUND).splitlines()
    assert lines[0].split() == ["120", "clips", "with", "text", "UAR", "%", "WA", "%"]
    assert lines[1].split() == ["both", "70.0", "71.0"]
    assert ablation_text({}) == ""


def test_a_run_without_text_has_no_section_and_a_damaged_one_is_told() -> None:
    assert ablation_section({}) is None
    section = ablation_section({"ablation": FOUND})
    assert section is not None
    assert section["clips"] == 120
    with pytest.raises(RunError, match=r"ablation is damaged"):
        ablation_section({"ablation": {"clips": 3}})
