"""Front ends before the graph: the settings of a recipe choose them, and they are what they are called alone."""

import numpy as np
import pytest

from paraverbal.features.egemaps import EgemapsSettings, functionals
from paraverbal.features.extractors import EXTRACTORS, extract
from paraverbal.settings import EgemapsFrontEndSettings

NOISE = (0.1 * np.random.default_rng(0).standard_normal(8000)).astype(np.float32)


def test_egemaps_are_a_column_of_the_functionals_with_the_range_of_the_recipe():
    settings = EgemapsFrontEndSettings(f0_low_hz=75.0, f0_high_hz=600.0)
    found = extract(NOISE, 16_000, settings.model_dump(mode="json"))
    assert found.shape == (settings.rows, 1)
    np.testing.assert_array_equal(found[:, 0], functionals(NOISE, 16_000, EgemapsSettings(low_hz=75.0, high_hz=600.0)))


def test_every_extractor_has_the_rows_that_its_settings_promise():
    kinds = {EgemapsFrontEndSettings().kind: EgemapsFrontEndSettings()}
    assert set(kinds) == set(EXTRACTORS)
    for settings in kinds.values():
        assert len(extract(NOISE, 16_000, settings.model_dump(mode="json"))) == settings.rows


@pytest.mark.parametrize("settings", [{"kind": "log_mel"}, {}])
def test_what_is_computed_in_the_graph_or_unknown_is_an_error(settings):
    with pytest.raises(ValueError, match="computed in the graph or unknown; here: egemaps"):
        extract(NOISE, 16_000, settings)
