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
)
from paraverbal.settings.recipe import Recipe
from paraverbal.settings.stages import (
    NOMINAL_LONGEST_SECONDS,
    AudioSettings,
    AugmentSettings,
    SplitSettings,
    TrainingSettings,
)

__all__ = [
    "NOMINAL_LONGEST_SECONDS",
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
    "TrainingSettings",
    "ZcrRmsSettings",
]
