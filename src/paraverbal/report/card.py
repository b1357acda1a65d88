"""A bundle's manifest as a model card: Markdown with a YAML head, as model hubs read it.

The head is written as JSON values, which are valid YAML, so that no name or licence can break it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from paraverbal.report.standalone import standalone_section
from paraverbal.report.tables import interval, percent, signed_interval

# Licences as people write them -> identifiers that hubs know; any other becomes "other" with its name beside it.
_IDENTIFIERS = {
    "apache-2.0": "apache-2.0",
    "mit": "mit",
    "cc0-1.0": "cc0-1.0",
    "cc-by-4.0": "cc-by-4.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "cc-by-nc-4.0": "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0": "cc-by-nc-sa-4.0",
}
# Languages of corpora whose bundles were written before these were noted (ISO 639-1); `corpora/NAME.py` has them too.
_LANGUAGES = {"aesdd": "el", "crema_d": "en", "emodb": "de", "ravdess": "en", "savee": "en", "tess": "en", "urdu": "ur"}
_PARTS = {"valid": "validation", "test": "test"}
_OPTIMISTIC = (
    "**These scores are optimistic: the weights were chosen on the test set.** They are higher than on unseen speech."
)
_USAGE = """\
```
paraverbal predict clip.wav --model FOLDER
```

```python
import paraverbal as pv

model = pv.load_model("FOLDER")
probabilities = model(waveform, sampling_rate)  # float32, in the order of model.labels
```

`FOLDER` is where this card lies, or `hf://OWNER/NAME` once it is on Hugging Face. paraverbal resamples, cuts windows and
calibrates."""
_INTENDED = """\
Research, teaching and prototypes: which of these emotions a short clip of one speaker sounds like. The training data
decides what the model knows: its languages, its speakers, its microphones, and whether emotions were played by actors.

Not for decisions about people (hiring, policing, insurance, border control, grading, health), not for telling what
somebody really feels, and not without telling those who are recorded. In the European Union the AI Act (article 5)
forbids inferring the emotions of people at work and in education, apart from medical and safety reasons."""
_LIMITS = """\
- Only the labels above can be predicted; any other emotion, silence, noise or music gets one of them all the same.
- Whatever the training data does not hold is untested, and far lower scores are to be expected there: spontaneous
  speech, other languages, children, several speakers at once, real telephone lines and noisy rooms.
- Probabilities are fitted on validation clips of the corpora above; on other recordings the model is surer than it should be.
- An emotion that only one corpus has is also told by how that corpus sounds."""


def model_card(manifest: Mapping[str, Any]) -> str:
    """Return the model card of a bundle.

    Args:
        manifest: The content of `bundle.json`. Needed are `name`, `labels`, `sampling_rate` and `licence`; of the
            rest, `dimensions`, `training_data`, `scores`, `recipe`, `parameters`, `seconds`, `short` and `denoise` are
            stated where they are there.
    """
    sections = [
        _head(manifest),
        f"# {manifest['name']}",
        _what(manifest),
        "## How to use\n\n" + _USAGE,
        "## Without paraverbal\n\n" + standalone_section(manifest),
        "## Training data\n\n" + _data(manifest.get("training_data", [])),
        "## Scores\n\n" + _scores(manifest),
        *_failings(manifest.get("scores", {})),
        "## Intended use\n\n" + _INTENDED,
        "## Limits\n\n" + _LIMITS,
        "## Licence\n\n" + _licence(manifest),
    ]
    return "\n\n".join(sections) + "\n"


def _head(manifest: Mapping[str, Any]) -> str:
    licence = str(manifest["licence"])
    identifier = _IDENTIFIERS.get(licence.lower().replace(" ", "-"), "other")
    head: dict[str, Any] = {"license": identifier}
    if identifier == "other":
        head["license_name"] = licence
    head |= _heard(manifest.get("training_data", []))
    head |= {
        "library_name": "paraverbal",
        "pipeline_tag": "audio-classification",
        "tags": ["speech-emotion-recognition", "audio", "speech", "onnx", "paraverbal"],
        "metrics": ["recall", "accuracy", "f1"],
        "model-index": _index(manifest),
    }
    return "\n".join(
        ["---", *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()), "---"]
    )


def _heard(corpora: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the data sets and languages that were trained on, as far as they are known."""
    languages = {
        code
        for corpus in corpora
        for code in corpus.get("languages") or [_LANGUAGES.get(str(corpus.get("name")).lower())]
        if code is not None
    }
    found = {
        "datasets": [str(corpus["name"]) for corpus in corpora if corpus.get("name")],
        "language": sorted(languages),
    }
    return {key: values for key, values in found.items() if values}


def _index(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the test scores in the form that hubs list them in; empty without test scores."""
    scores = manifest.get("scores", {}).get("test")
    if not scores:
        return []
    protocol = manifest["scores"].get("protocol", "")
    names = {"uar": ("recall", "UAR"), "wa": ("accuracy", "WA"), "macro_f1": ("f1", "macro-F1")}
    data = " + ".join(str(corpus["name"]) for corpus in manifest.get("training_data", [])) or "unknown"
    result = {
        "task": {"type": "audio-classification", "name": "speech emotion recognition"},
        "dataset": {"type": "audio", "name": f"{data}, test part, protocol {protocol}"},
        "metrics": [
            {"type": kind, "name": name, "value": round(float(scores[key]), 4)}
            for key, (kind, name) in names.items()
            if scores.get(key) is not None
        ],
    }
    return [{"name": manifest["name"], "results": [result]}]


def _what(manifest: Mapping[str, Any]) -> str:
    labels = ", ".join(manifest["labels"])
    recipe = manifest.get("recipe", {})
    title = recipe.get("title") or recipe.get("name")
    facts = [
        f"- **In**: mono speech at {manifest['sampling_rate']} Hz{_windows(manifest)}",
        f"- **Out**: a probability for each of {len(manifest['labels'])} emotions: {labels}",
    ]
    if "text" in manifest.get("modalities", ()):
        alone = (
            "; it hears no voice" if "audio" not in manifest["modalities"] else "; judges with one of both alone, too"
        )
        facts.insert(1, f"- **In too**: a transcript, `--text` (`pip install 'paraverbal[text]'`){alone}")
    if manifest.get("dimensions"):
        facts.append(f"- **Out too**: {', '.join(manifest['dimensions'])}, each on the scale of the training corpora")
    if manifest.get("denoise", "none") != "none":
        facts.append("- **Noise** is reduced before that: `pip install 'paraverbal[denoise]'`")
    if title:
        facts.append(f"- **Recipe**: `{recipe.get('name', 'unknown')}` of paraverbal: {title}")
    if manifest.get("parameters"):
        facts.append(f"- **Size**: {manifest['parameters']:,} parameters")
    if manifest.get("temperature", 1) != 1:
        facts.append(
            f"- **Temperature**: {manifest['temperature']:g}, fitted on validation clips and applied by paraverbal"
        )
    return "Emotion of a speaker, recognised from the voice.\n\n" + "\n".join(facts)


def _windows(manifest: Mapping[str, Any]) -> str:
    seconds = manifest.get("seconds")
    if not seconds:
        return ""
    shorter = "stay as long as they are" if manifest.get("short") == "keep" else "are padded"
    return f"; longer clips are cut into windows of {seconds:g} s and averaged over them, shorter ones {shorter}"


def _data(corpora: Sequence[Mapping[str, Any]]) -> str:
    if not corpora:
        return "The bundle does not state it."
    rows = [
        f"| {_cell(corpus.get('name'))}{_through(corpus)} | {_cell(corpus.get('clips'))} "
        f"| {_cell(', '.join(corpus.get('emotions', ())))} | {_cell(corpus.get('licence'))} | {_cell(corpus.get('source'))} |"
        for corpus in corpora
    ]
    return "\n".join(["| corpus | training clips | emotions | licence | source |", "|---|---:|---|---|---|", *rows])


def _through(corpus: Mapping[str, Any]) -> str:
    return f" (through {_cell(corpus['through'])}, with whose weights training began)" if corpus.get("through") else ""


def _scores(manifest: Mapping[str, Any]) -> str:
    scores = manifest.get("scores", {})
    parts = {part: scores[part] for part in _PARTS if scores.get(part)}
    if not parts:
        return "None are stated in the bundle."
    rows = [
        f"| {part} | {_cell(row.get('clips'))} | {_cell(row.get('speakers'))} | {percent(row.get('uar'))} "
        f"| {interval(row.get('uar_interval'))} | {percent(row.get('wa'))} | {percent(row.get('macro_f1'))} | {_loss(row)} |"
        for part, row in _score_rows(parts, scores.get("test_by_corpus", {})).items()
    ]
    head = "| part | clips | speakers | UAR % | 95 % interval | WA % | macro-F1 % | loss |"
    table = "\n".join([head, "|---|---:|---:|---:|---:|---:|---:|---:|", *rows])
    chosen_on = scores.get("selected_on", "")
    training = manifest.get("recipe", {}).get("training", {})
    chosen = f"Weights chosen on: {_PARTS.get(chosen_on, 'not stated')}."
    if training.get("select_by") == "last":
        chosen = "No epoch was chosen: the weights are the last."
    protocol = f"Split: `{scores.get('protocol', 'not stated')}`. {chosen} "
    meaning = (
        "UAR is the mean recall over the emotions that occur; chance is one divided by their number, "
        f"{percent(1 / len(manifest['labels']))} % for all. The interval draws whole speakers anew."
    )
    optimistic = [_OPTIMISTIC] if chosen_on == "test" else []
    rounded = [_rounded(scores.get("int8", {}))] if manifest.get("precision") == "int8" else []
    return "\n\n".join([*optimistic, table, protocol + meaning, *rounded])


def _failings(scores: Mapping[str, Any]) -> list[str]:
    """Return the section on emotions that are mistaken and recordings that are misheard, as far as they were measured."""
    parts = []
    if scores.get("test_per_class"):
        rows = [
            f"| {label} | {percent(row['recall'])} | {percent(row['precision'])} | {row['support']:.0f} |"
            for label, row in scores["test_per_class"].items()
        ]
        head = "| emotion | of its test clips found % | of its answers right % | clips |"
        parts.append("\n".join([head, "|---|---:|---:|---:|", *rows]))
    answered = scores.get("test_answered", {})
    if answered.get("accuracy") is not None and answered["share"] < 1:
        parts.append(
            f"Sure enough to answer it is of {percent(answered['share'])} % of the test clips, and right in "
            f"{percent(answered['accuracy'])} % of these; of the others it says that it is uncertain."
        )
    if scores.get("robustness"):
        rows = [f"| {row['what']} | {percent(row['uar'])} | {percent(row['lost'])} |" for row in scores["robustness"]]
        table = "\n".join(["| test clips | UAR % | points lost |", "|---|---:|---:|", *rows])
        parts.append(f"The same test clips, changed:\n\n{table}")
    return ["## Where it fails\n\n" + "\n\n".join(parts)] if parts else []


def _rounded(measured: Mapping[str, Any]) -> str:
    """Return what weights of 8 bits cost, of each part on which it was measured."""
    above = "The scores above are those of the float32 graph that this one was made from."
    if not measured:
        return f"{above} What its weights of 8 bits cost was not measured."
    rows = [
        f"| {_PARTS[part]} | {row['clips']} | {percent(row['uar'])} | {percent(row['uar_fp32'])} | {percent(row['lost'])} "
        f"| {signed_interval(row['interval'])} | {percent(row['same'])} |"
        for part, row in measured.items()
    ]
    head = "| part | clips | UAR % int8 | UAR % float32 | lost | 95 % interval | same answer % |"
    words = f"{above} What its weights of 8 bits cost on the same clips, speakers drawn whole:"
    return "\n".join([words, "", head, "|---|---:|---:|---:|---:|---:|---:|", *rows])


def _score_rows(parts: Mapping[str, Any], corpora: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of the table by name; a corpus has a row of its own where there are several."""
    rows = {_PARTS[part]: row for part, row in parts.items()}
    return rows | {f"test, {name} alone": row for name, row in corpora.items() if len(corpora) > 1}


def _licence(manifest: Mapping[str, Any]) -> str:
    return (
        f"Weights: {manifest['licence']}. The code of paraverbal is Apache-2.0. "
        "The recordings themselves are not part of this folder and keep their own licences."
    )


def _loss(row: Mapping[str, Any]) -> str:
    return _cell(None) if row.get("loss") is None else f"{row['loss']:.3f}"


def _cell(value: object) -> str:
    return "–" if value in (None, "") else str(value).replace("|", "\\|").replace("\n", " ")
