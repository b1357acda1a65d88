import json

import pytest

from paraverbal.report.card import model_card


def head_of(card):
    """The YAML head, whose values are JSON."""
    _, head, _ = card.split("---\n", 2)
    return {key: json.loads(value) for key, value in (line.split(": ", 1) for line in head.splitlines())}


def test_the_head_says_what_model_hubs_ask_for(manifest):
    head = head_of(model_card(manifest))
    assert head["license"] == "cc-by-nc-sa-4.0"
    assert head["pipeline_tag"] == "audio-classification"
    assert "speech-emotion-recognition" in head["tags"]
    assert head["metrics"] == ["recall", "accuracy", "f1"]
    assert head["model-index"][0]["results"][0]["metrics"][0] == {"type": "recall", "name": "UAR", "value": 0.842}


def test_a_licence_that_hubs_do_not_know_is_named(manifest):
    head = head_of(model_card(manifest | {"licence": 'research only: "AESDD"'}))
    assert (head["license"], head["license_name"]) == ("other", 'research only: "AESDD"')


def test_the_card_states_data_protocol_scores_use_and_limits(manifest):
    card = model_card(manifest)
    for stated in (
        "| AESDD | 604 | research only |",
        "| test | 149 | 84.2 | 84.6 | 84.1 | 0.610 |",
        "Split: `holdout`. Weights chosen on: validation.",
        "anger, disgust, fear, happiness, sadness",
        "48000 Hz",
        "## Intended use",
        "## Limits",
        "Weights: CC BY-NC-SA 4.0",
    ):
        assert stated in card


def test_the_card_tells_what_is_done_to_a_clip_before_the_network(manifest):
    card = model_card(manifest)
    assert "cut into windows of 3 s and averaged over them, shorter ones are padded" in card
    assert "Noise" not in card
    card = model_card(manifest | {"short": "keep", "denoise": "profile"})
    assert "shorter ones stay as long as they are" in card
    assert "pip install 'paraverbal[denoise]'" in card


def test_scores_chosen_on_the_test_set_are_called_optimistic(manifest):
    assert "optimistic" not in model_card(manifest)
    manifest["scores"]["selected_on"] = "test"
    assert "These scores are optimistic" in model_card(manifest)


@pytest.mark.parametrize("missing", ["training_data", "scores", "recipe", "parameters", "seconds"])
def test_what_the_manifest_does_not_tell_is_left_out(manifest, missing):
    del manifest[missing]
    assert "None |" not in model_card(manifest)


def test_a_pipe_in_a_name_does_not_break_the_table(manifest):
    manifest["training_data"][0]["name"] = "a|b"
    assert "| a\\|b | 604 |" in model_card(manifest)


def test_dimensions_are_named_with_the_output_that_gives_them(manifest):
    card = model_card(manifest | {"dimensions": ["arousal", "valence"]})
    assert "- **Out too**: arousal, valence, each on the scale of the training corpora" in card
    assert "before temperature, and `dimensions`, float32 `[batch, dimension]`." in card
    assert "dimension]" not in model_card(manifest)
