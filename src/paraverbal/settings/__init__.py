"""Settings of a recipe: typed, frozen, each key with its unit, its range and its default.

They stand above every stage and know none; `config.py` reads them from TOML.
"""

from paraverbal.settings.base import Settings
from paraverbal.settings.frontends import (
    CepstralSettings,
    EgemapsFrontEndSettings,
    FramedSettings,
    FrontEnd,
    FrontEndSettings,
    FunctionalsSettings,
    LogMelSettings,
    MelSettings,
    MfccSettings,
    ZcrRmsSettings,
)
from paraverbal.settings.networks import (
    CnnLstmSettings,
    CnnSettings,
    LocalFeaturesSettings,
    MlpSettings,
    Network,
    RecurrentSettings,
    ResidualSettings,
    SvmSettings,
    TextOnlySettings,
)
from paraverbal.settings.recipe import Recipe
from paraverbal.settings.stages import (
    NOMINAL_LONGEST_SECONDS,
    AudioSettings,
    AugmentSettings,
    SplitSettings,
    TrainingSettings,
)
from paraverbal.settings.text import TOKENIZER_KINDS, FusionSettings, TextSettings

__all__ = [
    "NOMINAL_LONGEST_SECONDS",
    "TOKENIZER_KINDS",
    "AudioSettings",
    "AugmentSettings",
    "CepstralSettings",
    "CnnLstmSettings",
    "CnnSettings",
    "EgemapsFrontEndSettings",
    "FramedSettings",
    "FrontEnd",
    "FrontEndSettings",
    "FunctionalsSettings",
    "FusionSettings",
    "LocalFeaturesSettings",
    "LogMelSettings",
    "MelSettings",
    "MfccSettings",
    "MlpSettings",
    "Network",
    "Recipe",
    "RecurrentSettings",
    "ResidualSettings",
    "Settings",
    "SplitSettings",
    "SvmSettings",
    "TextOnlySettings",
    "TextSettings",
    "TrainingSettings",
    "ZcrRmsSettings",
]
