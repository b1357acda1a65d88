import json

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData

from paraverbal.corpora.reader import LOADERS
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


def parsed(card):
    return ModelCard(card).data


def test_huggingface_reads_the_head_and_finds_nothing_wrong(manifest):
    data = parsed(model_card(manifest))
    assert isinstance(data, ModelCardData)
    assert (data.pipeline_tag, data.library_name) == ("audio-classification", "paraverbal")
    assert data.datasets == ["AESDD"]
    assert data.language == ["el"]
    first = data.eval_results[0]
    assert (first.metric_type, first.metric_value) == ("recall", 0.842)
    assert {one.task_type for one in data.eval_results} == {"audio-classification"}
    assert data.model_name == manifest["name"]


def test_the_head_survives_a_round_trip_through_yaml(manifest):
    head = yaml.safe_load(model_card(manifest).split("---\n", 2)[1])
    again = yaml.safe_load(parsed(model_card(manifest)).to_yaml())
    assert {key: again[key] for key in head if key != "model-index"} == {
        key: value for key, value in head.items() if key != "model-index"
    }


def test_without_test_scores_and_data_the_head_is_still_read(manifest):
    data = parsed(model_card(manifest | {"scores": {}, "training_data": []}))
    assert (data.datasets, data.language, data.eval_results) == (None, None, None)


def test_languages_are_those_of_the_corpora():
    known = {loader.NAME: loader.LANGUAGE for loader in LOADERS}
    for name, language in known.items():
        card = model_card(
            {
                "name": "a",
                "labels": ["fear"],
                "sampling_rate": 8000,
                "licence": "mit",
                "training_data": [{"name": name}],
            }
        )
        assert parsed(card).language == [language]


def test_languages_that_the_manifest_notes_go_before_those_of_the_name(manifest):
    manifest["training_data"][0]["languages"] = ["de", "nl"]
    assert parsed(model_card(manifest)).language == ["de", "nl"]


def test_the_card_tells_what_8_bits_cost_or_that_it_was_not_measured(manifest):
    assert "8 bits" not in model_card(manifest)
    assert "of 8 bits cost was not measured" in model_card(manifest | {"precision": "int8"})
    lost = {"clips": 149, "uar": 0.82, "uar_fp32": 0.83, "lost": 0.01, "interval": [-0.002, 0.02], "same": 0.98}
    scores = manifest["scores"] | {"int8": {"test": lost}}
    card = model_card(manifest | {"precision": "int8", "scores": scores})
    assert "| test | 149 | 82.0 | 83.0 | 1.0 | -0.2 to +2.0 | 98.0 |" in card


def test_the_card_tells_where_the_model_fails(manifest):
    assert "Where it fails" not in model_card(manifest)
    rows = [
        {"what": "as it was recorded", "uar": 0.6, "lost": 0.0},
        {"what": "by telephone", "uar": 0.45, "lost": 0.15},
    ]
    told = {
        "test_per_class": {
            "fear": {"recall": 0.7, "precision": 0.5, "f1": 0.58, "support": 10},
            "calm": {"recall": None, "precision": 0.0, "f1": None, "support": 0},
        },
        "test_answered": {"share": 0.294, "accuracy": 0.917},
        "robustness": rows,
    }
    card = model_card(manifest | {"scores": manifest["scores"] | told})
    assert "| fear | 70.0 | 50.0 | 10 |" in card
    assert "Sure enough to answer it is of 29.4 % of the test clips, and right in 91.7 % of these" in card
    assert "| by telephone | 45.0 | 15.0 |" in card


def test_scores_come_with_speakers_and_interval_and_corpora_with_emotions(manifest):
    scores = manifest["scores"]
    scores["test"] |= {"speakers": 12, "uar_interval": [0.482, 0.787]}
    manifest["training_data"][0] |= {"emotions": {"anger": 3, "fear": 4}, "through": "first"}
    card = model_card(manifest)
    assert "| 12 | 84.2 | 48.2 to 78.7 |" in card
    assert "(through first, with whose weights training began)" in card
    assert "| anger, fear |" in card


def test_weights_of_the_last_epoch_are_not_said_to_be_chosen(manifest):
    assert "Weights chosen on: validation." in model_card(manifest)
    card = model_card(manifest | {"recipe": {"training": {"select_by": "last"}}})
    assert "No epoch was chosen: the weights are the last." in card and "Weights chosen" not in card


def test_a_licence_that_hubs_do_not_know_is_named(manifest):
    head = head_of(model_card(manifest | {"licence": 'research only: "AESDD"'}))
    assert (head["license"], head["license_name"]) == ("other", 'research only: "AESDD"')


def test_the_card_states_data_protocol_scores_use_and_limits(manifest):
    card = model_card(manifest)
    for stated in (
        "| AESDD | 604 | – | research only |",
        "| test | 149 | – | 84.2 | – | 84.6 | 84.1 | 0.610 |",
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
    assert "| out | `dimensions` | float32 | `[batch, 2]` | arousal, valence |" in card
    assert "dimensions" not in model_card(manifest)


def test_a_model_that_reads_text_says_so(manifest):
    both = model_card(manifest | {"modalities": ["audio", "text"]})
    assert (
        "- **In too**: a transcript, `--text` (`pip install 'paraverbal[text]'`); judges with one of both alone" in both
    )
    assert "it hears no voice" in model_card(manifest | {"modalities": ["text"]})
    assert "In too" not in model_card(manifest)
