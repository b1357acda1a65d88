"""Recipes come back from TOML as they were written, and a mistake in one is an error that names the key."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.config import parse_recipe, read_recipe, recipe_names, recipe_toml
from paraverbal.emotions import EMOTIONS
from paraverbal.errors import RecipeError
from paraverbal.settings import AugmentSettings, Recipe

MINIMAL = '[frontend]\nkind = "log_mel"\n[model]\nfamily = "cnn-lstm"\n'


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@st.composite
def documents(draw):
    numbers = st.floats(1e-9, 1e6)
    low, high = sorted(draw(st.tuples(numbers, numbers)))
    return {
        "name": draw(st.text()),
        "title": draw(st.text()),
        "audio": {"seconds": draw(st.floats(1, 60)), "level": draw(st.sampled_from(["none", "peak", "rms"]))},
        "frontend": {
            "kind": "log_mel",
            "fmax": draw(st.one_of(st.just("half"), st.floats(1, 8000))),
            "reference": draw(st.one_of(st.just("max"), numbers)),
            "floor_db": draw(st.one_of(st.just("none"), numbers)),
        },
        "augment": {"factor": [low, high], "copies": draw(st.integers(0, 9))},
        "model": {"family": "cnn-lstm", "channels": draw(st.lists(st.integers(1, 512), min_size=1, max_size=4))},
        "training": {"learning_rate": draw(numbers), "seed": draw(st.integers(0, 2**62))},
        "split": {"emotions": draw(st.lists(st.sampled_from(EMOTIONS)))},
    }


@given(documents())
def test_a_recipe_comes_back_from_its_toml(document):
    recipe = parse_recipe(document)
    assert parse_recipe(tomllib.loads(recipe_toml(recipe))) == recipe
    assert recipe.title == document["title"]


def test_a_written_recipe_is_complete(tmp_path):
    recipe = read_recipe("cnn-lstm")
    document = tomllib.loads(recipe_toml(recipe))
    sections = {"audio", "frontend", "augment", "model", "training", "split"}
    assert sections <= document.keys()
    for section in sections:
        assert set(document[section]) == set(type(getattr(recipe, section)).model_fields)
    assert read_recipe(written(tmp_path / "other.toml", recipe_toml(recipe))) == recipe


@pytest.mark.parametrize("name", recipe_names())
def test_every_bundled_recipe_reads_under_its_name(name, tmp_path):
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.title
    assert recipe.source
    assert recipe.training.select_on == "valid"
    assert read_recipe(written(tmp_path / "recipe.toml", recipe_toml(recipe))) == recipe


def test_the_published_recipe_has_the_published_numbers():
    recipe = read_recipe("cnn-lstm")
    assert (recipe.audio.sampling_rate, recipe.audio.samples) == (48000, 144000)
    assert (recipe.frontend.fft_size, recipe.frontend.hop_length, recipe.frontend.bands) == (1024, 512, 128)
    assert (recipe.frontend.fmax, recipe.frontend.reference, recipe.frontend.floor_db) == (8000, "max", 80)
    changes = {"copies": 4, "probability": 0.7, "noise_deviation": 0.008, "roll": 0.25, "factor": (0.7, 1.3)}
    assert recipe.augment == AugmentSettings(**changes)
    training = recipe.training
    assert (training.learning_rate, training.weight_decay, training.batch_size, training.epochs) == (
        1e-3,
        1e-5,
        32,
        200,
    )
    assert (training.plateau_factor, training.plateau_patience, training.stop_patience) == (0.5, 5, 35)
    assert (recipe.split.valid, recipe.split.test) == (0.15, 0.15)


def test_settings_left_out_have_their_default(tmp_path):
    recipe = read_recipe(written(tmp_path / "mine.toml", MINIMAL))
    assert recipe == Recipe(name="mine", frontend={"kind": "log_mel"}, model={"family": "cnn-lstm"})
    assert recipe.name == "mine"


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        read_recipe("cnn-lstm").name = "other"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.epoch=3", r"unknown key training\.epoch \(did you mean 'epochs'\?\)"),
        ("frontend.band=64", r"unknown key frontend\.band \(did you mean 'bands'\?\)"),
        ("trainin.epochs=3", r"unknown key trainin \(did you mean 'training'\?\)"),
        ("model.qqqqqq=3", r"unknown key model\.qqqqqq$"),
        ('split.emotions=["angr"]', r"'angr' is unknown \(did you mean 'anger'\?\)"),
        (
            "training.select_by=war",
            r"training\.select_by = 'war': input should be 'wa', 'uar', 'loss', 'ccc' or 'last'$",
        ),
        (
            "training.dimensions=['arousl']",
            r"training\.dimensions: 'arousl' is unknown \(did you mean 'arousal'\?\); known: arousal, valence, dominance$",
        ),
        (
            "frontend.kind=mfc",
            r"frontend\.kind = 'mfc' is unknown \(did you mean 'mfcc'\?\); known: log_mel, mfcc, .*zcr_rms, egemaps$",
        ),
        (
            "model.family=svn",
            r"model\.family = 'svn' is unknown \(did you mean 'svm'\?\); known: cnn, cnn-lstm, .*svm, mlp, text$",
        ),
        ("model.family=3", r"model\.family = '3' is unknown; known: cnn, "),
    ],
)
def test_a_typo_is_an_error_that_names_the_nearest_word(override, words):
    with pytest.raises(RecipeError, match=words):
        read_recipe("cnn-lstm", [override])


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.chanels=[4]", r"unknown key model\.chanels \(did you mean 'channels'\?\)$"),
        ("training.epochs=many", r"training\.epochs = 'many': input should be a valid integer"),
        ("training.epochs=2.5", r"training\.epochs = 2\.5: input should be a valid integer"),
        ("training.epochs=true", r"training\.epochs = True: input should be a valid integer"),
        ('training.epochs="3"', r"training\.epochs = '3': input should be a valid integer"),
        ("training.epochs=0", r"training\.epochs = 0: input should be greater than or equal to 1"),
        ("training.epochs=", r"training\.epochs = ''"),
        ("training.batch_size=0", r"training\.batch_size = 0: input should be greater than or equal to 1"),
        (
            "training.batch_size=1",
            r"training\.batch_size is 1, where batch normalisation has no variance; .* at least 2",
        ),
        ("training.learning_rate=0", r"training\.learning_rate = 0: input should be greater than 0"),
        ("training.seed=-1", r"training\.seed = -1"),
        ("audio.seconds=inf", r"audio\.seconds = inf: input should be 'longest', or input should be a finite number"),
        ("audio.seconds=nan", r"audio\.seconds = nan"),
        ("audio=3", r"expected section\.key=value"),
        ("audio.sampling_rate=22050.5", r"audio\.sampling_rate = 22050\.5"),
        ("frontend.fmax=abc", r"frontend\.fmax = 'abc': input should be 'half', or input should be a valid number$"),
        ("frontend.fmax=-1", r"frontend\.fmax = -1: input should be 'half', or input should be greater than 0"),
        ("training.betas=0.9", r"training\.betas = 0\.9: expected a list in brackets, for example \[0\.9, 0\.999\]$"),
        ("model.channels=4", r"model\.channels = 4: expected a list in brackets, for example \["),
        ("training.balance=speaker", r"training\.balance = 'speaker': expected a list in brackets$"),
        ("augment.factor=[1]", r"augment\.factor\.1 is missing"),
        ('model.channels=[4, "x"]', r"model\.channels\.1 = 'x': input should be a valid integer"),
        ("model.channels=[]", r"model\.channels = \[\]"),
        ("model.dropout=1", r"model\.dropout = 1: input should be less than 1"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_key(override, words):
    with pytest.raises(RecipeError, match=words):
        read_recipe("cnn-lstm", [override])


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["frontend.fmin=9000"], r"fmax \(8000 Hz\) must be above fmin \(9000 Hz\)"),
        (["audio.sampling_rate=8000"], r"fmax \(8000 Hz\) is above half of audio\.sampling_rate \(8000 Hz\)"),
        (["audio.seconds=0.02"], r"fft_size \(1024\) is longer than a window \(960 samples\)"),
        (["split.valid=0.5", "split.test=0.5"], r"valid \(0\.5\) and test \(0\.5\) leave nothing to train on"),
        (["augment.factor=[1.3, 0.7]"], r"augment\.factor goes from 1\.3 to 0\.7"),
        (["augment.stretch=[1.3, 0.7]"], r"augment\.stretch goes from 1\.3 to 0\.7"),
        (["augment.frequency_mask=[1, 128]"], r"augment\.frequency_mask \(128\) would mask all 128 bands"),
        (["frontend.bands=7"], r"cnn-lstm needs 8 bands and 8 frames at least; a window has 7 bands .* 282 frames"),
        (["audio.seconds=0.05"], r"cnn-lstm needs 8 bands and 8 frames at least; .* 5 frames"),
        (["frontend.kind=mfcc", "frontend.bands=30"], r"coefficients \(40\) cannot be more than bands \(30\)"),
        (
            ["frontend.kind=mfcc", "frontend.coefficients=7"],
            r"needs 8 bands and 8 frames at least; a window has 7 bands",
        ),
        (["training.select_by=ccc"], r'select_by is "ccc", but no training\.dimensions are learnt; name them$'),
        (["training.dimensions=['valence','valence']"], r"training\.dimensions names one twice: valence, valence$"),
        (
            ["training.dimensions=['valence']", "training.batch_size=1"],
            r"batch_size is 1, over which no CCC exists; give at least 2",
        ),
        (["training.dimensions=['valence']", "training.dimension_weight=0"], r"training\.dimension_weight = 0"),
        (["frontend.kind=spectral_functionals"], r"'cnn-lstm' and frontend\.kind 'spectral_functionals' do not fit"),
    ],
)
def test_settings_that_do_not_go_together_are_an_error(overrides, words):
    with pytest.raises(RecipeError, match=words):
        read_recipe("cnn-lstm", overrides)


@pytest.mark.parametrize(
    ("name", "override", "words"),
    [
        ("adaptive-cnn-3", "model.pooled=4", r"model\.pooled \(4\) is more than the 3 convolutions"),
        ("adaptive-cnn-3", "model.head=flatten", r"flatten. needs one number of frames: set frontend\.fit or audio"),
        ("resized-cnn-3", "frontend.frames=7", r"cnn needs 8 bands and 8 frames at least; .* 128 bands .* 7 frames"),
        ("resized-cnn-3", "training.batch_size=1", r"batch normalisation has no variance"),
        ("mel-cnn-lstm", "model.pools=[2, 4]", r"model\.pools has 2 numbers, model\.channels 4; give as many"),
        ("spectral-svm", "augment.copies=1", r"an svm takes clips as they are; set augment\.copies to 0"),
        ("spectral-svm", "training.dimensions=['arousal']", r"an svm tells emotions only; take a network"),
        ("spectral-svm", "model.costs=[]", r"model\.costs = \[\]"),
        ("spectral-svm", "frontend.kind=log_mel", r"unknown key frontend\.coefficients$"),
    ],
)
def test_settings_that_a_network_cannot_take_are_an_error(name, override, words):
    with pytest.raises(RecipeError, match=words):
        read_recipe(name, [override])


def test_a_batch_of_one_is_allowed_where_nothing_normalises_over_it():
    assert read_recipe("adaptive-cnn-3").training.batch_size == 1


def test_keys_of_another_family_are_unknown_and_no_word_is_proposed_for_itself():
    with pytest.raises(RecipeError) as caught:
        read_recipe("cnn-lstm", ["model.family=svm"])
    assert str(caught.value).startswith("recipe cnn-lstm: unknown key model.channels; unknown key model.lstm_units;")


def test_all_mistakes_are_told_at_once():
    with pytest.raises(RecipeError) as caught:
        read_recipe("cnn-lstm", ["training.epoch=3", "audio.seconds=0", "x.y=1"])
    for words in ("recipe cnn-lstm: ", "training.epoch", "audio.seconds = 0", "unknown key x"):
        assert words in str(caught.value)


def test_overrides_are_toml_or_a_bare_word_and_the_last_one_counts():
    overrides = ["training.epochs=3", "audio.level=peak", "model.channels=[4, 8]", "split.emotions=['fear']"]
    recipe = read_recipe("cnn-lstm", [*overrides, " training.epochs = 4"])
    assert (recipe.training.epochs, recipe.audio.level, recipe.model.channels) == (4, "peak", (4, 8))
    assert recipe.split.emotions == ("fear",)
    assert recipe.training.batch_size == read_recipe("cnn-lstm").training.batch_size


@pytest.mark.parametrize("override", ["training.epochs", "epochs=3", "=3", "training.=3", ""])
def test_an_override_of_another_form_is_an_error_with_an_example(override):
    with pytest.raises(RecipeError, match=r"expected section\.key=value, for example training\.epochs=20"):
        read_recipe("cnn-lstm", [override])


def test_an_override_of_what_is_no_section_is_an_error():
    with pytest.raises(RecipeError, match=r"'title\.x=1': title is no section"):
        read_recipe("cnn-lstm", ["title.x=1"])


def test_a_recipe_that_is_not_there_is_an_error_that_names_the_nearest(tmp_path):
    with pytest.raises(RecipeError, match=r"'cnn-lstn' is unknown \(did you mean 'cnn-lstm'\?\); known: .*cnn-lstm"):
        read_recipe("cnn-lstn")
    with pytest.raises(RecipeError, match=r"gone\.toml: no such file; give a TOML file or one of .*cnn-lstm"):
        read_recipe(tmp_path / "gone.toml")


def test_a_variant_holds_only_what_differs(tmp_path):
    text = 'extends = "cnn-lstm"\ntitle = "Mine"\n[training]\nepochs = 3\n'
    base, variant = read_recipe("cnn-lstm"), read_recipe(written(tmp_path / "mine.toml", text))
    training = base.training.model_copy(update={"epochs": 3})
    assert variant == base.model_copy(update={"name": "mine", "title": "Mine", "training": training})


def test_a_variant_may_extend_a_variant(tmp_path):
    text = 'extends = "cnn-lstm-16khz"\n[training]\nepochs = 3\n'
    variant = read_recipe(written(tmp_path / "mine.toml", text))
    assert variant.audio == read_recipe("cnn-lstm-16khz").audio
    assert variant.training.epochs == 3


def test_a_variant_of_an_unknown_recipe_is_an_error_that_names_the_nearest(tmp_path):
    with pytest.raises(RecipeError, match=r"recipe mine: extends 'cnn-lst', .*did you mean 'cnn-lstm'"):
        read_recipe(written(tmp_path / "mine.toml", 'extends = "cnn-lst"\n'))


def test_a_variant_that_puts_a_section_in_place_of_a_word_is_an_error(tmp_path):
    with pytest.raises(RecipeError, match="title"):
        read_recipe(written(tmp_path / "mine.toml", 'extends = "cnn-lstm"\n[title]\nx = 1\n'))


def test_a_file_that_is_no_toml_is_an_error_with_its_name_and_line(tmp_path):
    with pytest.raises(RecipeError, match=r"recipe broken: not valid TOML: .*line 2"):
        read_recipe(written(tmp_path / "broken.toml", 'name = "x"\n[audio\n'))
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    with pytest.raises(RecipeError, match=r"latin\.toml: not a text in UTF-8"):
        read_recipe(tmp_path / "latin.toml")


def test_a_recipe_without_model_and_front_end_is_an_error_that_names_them(tmp_path):
    with pytest.raises(RecipeError, match=r"frontend\.kind is missing; model\.family is missing"):
        read_recipe(written(tmp_path / "empty.toml", ""))
