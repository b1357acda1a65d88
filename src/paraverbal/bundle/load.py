"""Bundle folder -> a model that answers, on onnxruntime alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors

from paraverbal.audio.denoise import denoise
from paraverbal.audio.level import level
from paraverbal.audio.resample import resample
from paraverbal.audio.segment import pad_or_trim, window_starts
from paraverbal.bundle.format import MANIFEST, TOKENIZER, Manifest
from paraverbal.bundle.temperature import tempered
from paraverbal.bundle.text_inputs import missing_of, text_inputs
from paraverbal.errors import AudioError, BundleError, EmptyAudioError, NonFiniteAudioError, TextError, nearest
from paraverbal.features.extractors import extract

if TYPE_CHECKING:
    from paraverbal.text.tokenizer import Tokenizer

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Answer:
    """What a model says of a clip.

    Attributes:
        probabilities: Float32 `[label]`; the sum is 1.
        dimensions: Arousal and the like, float32 `[dimension]` on the scale of the training corpora; empty without any.
        missing: Of `audio` and `text` what the model takes and was not given.
    """

    probabilities: Probabilities
    dimensions: NDArray[np.float32]
    missing: tuple[str, ...] = ()


# Each is a bundle folder; its name is the model's.
BUNDLED = Path(__file__).parent.parent / "models_bundled"
DEFAULT = "default"

# Windows of a long clip that go through the network at once: bounds the memory of the activations.
_BATCH = 16

# What onnxruntime raises; its errors share no base but Exception.
_ONNX_ERRORS = tuple(
    error for error in vars(onnx_errors).values() if isinstance(error, type) and issubclass(error, Exception)
)


class Model:
    """A trained model: a waveform goes in, a probability for each emotion comes out.

    Calls from several threads at once are safe.

    Args:
        folder: A bundle folder.
        threads: Threads of onnxruntime for one call; 1 is the fastest where several clips are predicted at once.

    Raises:
        BundleError: The manifest or the graph is missing, broken, or of a newer format.
    """

    def __init__(self, folder: str | Path, *, threads: int = 1) -> None:
        self.folder = Path(folder)
        self.manifest = Manifest.read(folder)
        self._session = _session(self.folder / self.manifest.graph.file, threads)
        _check_ends(self.folder, self.manifest, self._session)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.manifest.name

    @property
    def labels(self) -> tuple[str, ...]:
        """Emotions, in the order of the probabilities."""
        return self.manifest.labels

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Arousal, valence, dominance: those that the model tells beside the emotions; mostly none."""
        return self.manifest.dimensions

    @property
    def modalities(self) -> tuple[str, ...]:
        """What the model takes: `audio`, `text`, or both."""
        return self.manifest.modalities

    @property
    def reads_text(self) -> bool:
        """Whether the model takes a transcript."""
        return "text" in self.manifest.modalities

    @cached_property
    def tokenizer(self) -> "Tokenizer":
        """What cuts the transcripts of this model into tokens.

        Raises:
            TextError: The model reads no text, or its tokenizer is damaged.
            MissingExtraError: The library tokenizers is not installed.
        """
        if not self.reads_text:
            raise TextError(f"model {self.name!r} hears the voice alone and reads no text; give none")
        from paraverbal.text.loading import load_tokenizer

        return load_tokenizer(self.folder / TOKENIZER)

    @property
    def sampling_rate(self) -> int:
        """Rate in hertz that a waveform is brought to before the network."""
        return self.manifest.sampling_rate

    def __call__(
        self,
        waveform: ArrayLike | None,
        sampling_rate: float,
        *,
        window: float | None = None,
        hop: float | None = None,
        text: str | None = None,
    ) -> Probabilities:
        """Return the probabilities of the emotions in a waveform.

        It is resampled, freed of noise if the model was trained so, brought to the level that it was trained at, and cut
        into windows; the probabilities are the mean over the windows. What is shorter than one is padded with zeros or
        kept as long as it is, as the manifest says under `short`.

        Args:
            waveform: Float `[sample]` in -1..1; None for a model that reads text, which then answers by that alone.
            sampling_rate: Its rate in hertz.
            window: Length of a window in seconds; None takes the length that the model was trained with.
            hop: Greatest distance of two windows in seconds; None takes the manifest's, or `window` if that is given.
            text: What is said, for a model that reads text; None where it is not known.

        Returns:
            Float32 `[label]`, in the order of `labels`; the sum is 1.

        Raises:
            EmptyAudioError: There are no samples.
            NonFiniteAudioError: A sample is NaN or infinite.
            AudioError: `waveform` is not one row of floats, or `sampling_rate` is impossible.
            MissingExtraError: The model needs noise reduction, and noisereduce is not installed; or there is a text, and
                tokenizers is not.
            TextError: A text for a model that reads none, or neither voice nor text.
            ValueError: `window` or `hop` is not above 0.
        """
        return self.answer(waveform, sampling_rate, window=window, hop=hop, text=text).probabilities

    def answer(
        self,
        waveform: ArrayLike | None,
        sampling_rate: float,
        *,
        window: float | None = None,
        hop: float | None = None,
        text: str | None = None,
    ) -> Answer:
        """Return probabilities and dimensions of a waveform; arguments and errors as of the call itself."""
        tokens = None if text is None else self.token_ids(text)
        missing = missing_of(self.manifest, tokens, waveform is not None)
        if waveform is None:
            prepared = np.zeros(self.manifest.minimum_samples, np.float32)
            plan = np.zeros(1, np.int64), len(prepared), len(prepared)
        else:
            prepared = self.prepare(waveform, sampling_rate)
            plan = self.cut_plan(len(prepared), window=window, hop=hop)
        mean = self._mean(prepared, *plan, tokens=tokens, hears=waveform is not None)
        probabilities, dimensions = np.split(mean, [len(self.labels)])
        calibrated = tempered(probabilities, self.manifest.temperature).astype(np.float32)
        return Answer(calibrated, dimensions.astype(np.float32), missing)

    def token_ids(self, text: str) -> NDArray[np.int64]:
        """Return the tokens of a text as the graph takes them, `[token]`; none where it says nothing (`text.reading`).

        Raises:
            TextError, MissingExtraError: As `tokenizer`.
        """
        tokenizer = self.tokenizer
        from paraverbal.text.reading import read_tokens

        return read_tokens(tokenizer, [text])[0]

    def prepare(self, waveform: ArrayLike, sampling_rate: float) -> NDArray[np.float32]:
        """Return a waveform as the network hears it, before windows are cut: resampled, freed of noise, levelled."""
        samples, rate = checked_waveform(waveform, sampling_rate), self.sampling_rate
        resampled = denoise(resample(samples, sampling_rate, rate), rate, self.manifest.denoise)  # type: ignore[arg-type]
        return level(resampled, self.manifest.level)  # type: ignore[arg-type]

    def cut_plan(
        self, length: int, *, window: float | None = None, hop: float | None = None
    ) -> tuple[NDArray[np.int64], int, int]:
        """Return how a prepared waveform of `length` samples is cut: starts `[window]`, samples of each, padded samples."""
        manifest = self.manifest
        size = _samples("window", manifest.seconds if window is None else window, self.sampling_rate)
        distance = hop if hop is not None else window if window is not None else manifest.hop_seconds
        step = _samples("hop", distance, self.sampling_rate)
        if manifest.short == "keep":
            size = min(size, length)
        return window_starts(length, size, step), size, max(size, manifest.minimum_samples)

    def _mean(
        self,
        waveform: NDArray[np.float32],
        starts: NDArray[np.int64],
        size: int,
        width: int,
        *,
        tokens: NDArray[np.int64] | None = None,
        hears: bool = True,
    ) -> NDArray[np.float64]:
        """Return the mean outputs `[label + dimension]` over windows, cut a few at a time: an hour stays small."""
        total = np.zeros(len(self.labels) + len(self.dimensions))
        for first in range(0, len(starts), _BATCH):
            cut = [pad_or_trim(waveform[start : start + size], width) for start in starts[first : first + _BATCH]]
            total += self.run_windows(np.stack(cut), tokens=tokens, hears=hears).sum(axis=0, dtype=np.float64)
        return total / len(starts)

    def run_windows(
        self, pieces: NDArray[np.float32], *, tokens: NDArray[np.int64] | None = None, hears: bool = True
    ) -> NDArray[np.float32]:
        """Return probabilities and dimensions, `[window, label + dimension]`, of windows `[window, sample]`.

        Args:
            pieces: The windows.
            tokens: What is said in all of them, as `token_ids` returns it; None: not known.
            hears: Whether there is a voice; without one the windows change nothing.

        Raises:
            TextError: The model reads text alone, and there is none.
        """
        missing_of(self.manifest, tokens, hears)
        graph, extractor = self.manifest.graph, self.manifest.extractor
        if extractor:
            pieces = np.stack([extract(piece, self.sampling_rate, extractor) for piece in pieces])
        names = [graph.output, graph.dimensions] if self.dimensions else [graph.output]
        try:
            beside = text_inputs(self.manifest, len(pieces), tokens, hears)
            outputs = self._session.run(names, {graph.input: pieces, **beside})
        except _ONNX_ERRORS as error:
            raise BundleError(f"{self.folder / graph.file}: the graph fails ({error}); export it again") from error
        return np.concatenate(outputs, axis=1)

    def __repr__(self) -> str:
        manifest = self.manifest
        return (
            f"Model {self.name!r} ({self.folder})\n"
            f"  input   waveform float32 [batch, sample] at {self.sampling_rate} Hz, "
            f"windows of {manifest.seconds:g} s every {manifest.hop_seconds:g} s, level {manifest.level}"
            f"{', whole clips' if manifest.short == 'keep' else ''}"
            f"{', noise reduction (extra denoise)' if manifest.denoise != 'none' else ''}\n"
            f"{'          text as token ids int64 [batch, token] (extra text)' + chr(10) if self.reads_text else ''}"
            f"  output  probabilities float32 [batch, label], {len(self.labels)} labels: {', '.join(self.labels)}\n"
            + (
                f"          dimensions float32 [batch, dimension]: {', '.join(self.dimensions)}\n"
                if self.dimensions
                else ""
            )
            + f"  {manifest.parameters} parameters, licence {manifest.licence or 'not stated'}"
        )


def model_names() -> list[str]:
    """Return the names of the models that come with paraverbal, sorted."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{MANIFEST}"))


def load_model(model: str | Path | None = None, *, threads: int = 1) -> Model:
    """Load a model.

    Args:
        model: One of `model_names()`, a bundle folder, a run folder (which holds `bundle/`), or `hf://OWNER/NAME` of a
            bundle on Hugging Face; None loads the bundled default. A name goes before a folder of the same name: write
            `./default` for the folder.
        threads: Threads of onnxruntime for one call.

    Raises:
        BundleError: No such name or folder (the nearest name is told), or the bundle is incomplete, broken, or of a
            newer format.
        MissingExtraError: `hf://` without the extra `hub`.
    """
    return Model(_folder(DEFAULT if model is None else model), threads=threads)


def _folder(model: str | Path) -> Path:
    known = model_names()
    if str(model) in known and not isinstance(model, Path):
        return BUNDLED / str(model)
    if isinstance(model, str) and model.startswith("hf://"):
        from paraverbal.bundle.hub import hub_folder

        return hub_folder(model)
    folder = Path(model)
    for candidate in (folder, folder / "bundle"):
        if (candidate / MANIFEST).is_file():
            return candidate
    if folder.is_dir():
        raise BundleError(
            f"{model}: no model in this folder; {MANIFEST} (a bundle) or bundle/{MANIFEST} (a run) was expected in it"
        )
    if folder.exists():
        raise BundleError(f"{model}: this is a file; give the bundle folder that it lies in")
    names = ", ".join(known) or "none"
    raise BundleError(
        f"model {str(model)!r} is neither a folder nor a bundled model{nearest(str(model), known)}; bundled: {names}"
    )


def _session(file: Path, threads: int) -> Any:
    if not file.is_file():
        raise BundleError(f"{file}: the graph is missing from the bundle; export the model again")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: they are raised too
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except _ONNX_ERRORS as error:
        raise BundleError(f"{file}: cannot be read as an ONNX graph ({error}); export the model again") from error


def _check_ends(folder: Path, manifest: Manifest, session: Any) -> None:
    """Raise if the graph's input, output or number of labels is not what the manifest says."""
    graph = manifest.graph
    inputs = [end.name for end in session.get_inputs()]
    outputs = {end.name: end.shape for end in session.get_outputs()}
    beside = [graph.tokens, graph.token_mask, graph.present] if "text" in manifest.modalities else []
    if inputs != [graph.input, *beside] or graph.output not in outputs:
        raise BundleError(
            f"{folder / graph.file}: the graph goes from {', '.join(inputs)} to {', '.join(outputs)}, "
            f"the manifest says from {', '.join([graph.input, *beside])} to {graph.output}; export the model again"
        )
    if beside and not (folder / TOKENIZER).is_file():
        raise BundleError(f"{folder / TOKENIZER}: the tokenizer is missing from the bundle; export the model again")
    if manifest.dimensions and graph.dimensions not in outputs:
        raise BundleError(
            f"{folder / graph.file}: the manifest tells of {', '.join(manifest.dimensions)}, but the graph has no output "
            f"{graph.dimensions!r}; export the model again"
        )
    _check_count(folder, outputs[graph.output], manifest.labels, "labels", graph.file)
    if manifest.dimensions:
        _check_count(folder, outputs[graph.dimensions], manifest.dimensions, "dimensions", graph.file)


def _check_count(folder: Path, shape: Sequence[Any], names: Sequence[str], what: str, file: str) -> None:
    count = shape[-1] if shape else None
    if isinstance(count, int) and count != len(names):
        raise BundleError(
            f"{folder / file}: the graph has {count} outputs, the manifest {len(names)} {what}; export the model again"
        )


def checked_waveform(waveform: ArrayLike, sampling_rate: float) -> NDArray[np.float32]:
    """Return a waveform as float32 `[sample]`, or raise the AudioError that says why it is none."""
    samples = np.asarray(waveform)
    if samples.ndim != 1:
        raise AudioError(
            None,
            f"a waveform of shape {samples.shape} was given, [sample] was expected; take the mean over its channels",
        )
    if samples.size == 0:
        raise EmptyAudioError(None, "a waveform without samples was given; give at least one")
    if not np.issubdtype(samples.dtype, np.floating):
        raise AudioError(
            None,
            f"a waveform of {samples.dtype} was given, floats in -1..1 were expected; divide by the type's full scale",
        )
    if not np.isfinite(samples).all():
        raise NonFiniteAudioError(None, "the waveform holds NaN or infinite samples; remove them first")
    if not (math.isfinite(sampling_rate) and sampling_rate > 0):
        raise AudioError(None, f"a sampling rate of {sampling_rate} Hz is impossible; give a number above 0")
    return samples.astype(np.float32, copy=False)


def _samples(name: str, seconds: float, rate: int) -> int:
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"{name} is {seconds} s; it must be above 0")
    return max(1, round(seconds * rate))
