"""What the commands print for a person: documents with the keys of `--json`, as plain text."""

from collections.abc import Mapping, Sequence
from typing import Any

from paraverbal.evaluation.protocol import PARTS, Result
from paraverbal.report.ablation import ablation_text
from paraverbal.report.tables import (
    align,
    confusion_table,
    decimals,
    decimals_interval,
    interval,
    p_value,
    per_class_table,
    percent,
    scores_table,
    signed,
    signed_interval,
)

# More groups than this, as speakers often are, are not listed.
MOST_GROUPS = 12
# float32
_BYTES_PER_PARAMETER = 4

_SPLITS = {
    "holdout": "random (holdout)",
    "kfold": "random (kfold)",
    "speakers": "speakers apart",
    "loso": "a speaker left out (loso)",
    "sentences": "sentences apart",
    "corpora": "a corpus left out (corpora)",
    "official": "from a file (official)",
}

Document = Mapping[str, Any]


def _range(counts: Sequence[int]) -> str:
    return str(counts[0]) if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"


def _split(protocol: str) -> str:
    return _SPLITS.get(protocol, protocol)


def run_text(document: Document) -> str:
    """Return the scores of a run: all parts, then the test part class by class."""
    parts = {part: Result.from_dict(document["parts"][part]) for part in PARTS if part in document["parts"]}
    best, settings = document["best_epoch"], document["recipe"].get("model", {})
    kept = f"epoch {best} of {document['epochs']}"
    if settings.get("family") == "svm":
        costs = sorted(set(settings["costs"]))
        kept = f"cost {costs[best - 1]:g} of the {len(costs)} tried"
    training = (
        f"{document['recipe']['name']}: {document['parameters']:,} parameters, {kept}, {document['minutes']:.1f} minutes; "
        f"split: {_split(document['protocol'])}"
    )
    result = Result.from_dict(document)
    tables = [training, scores_table(parts), intervals_text(result), *_details(result)]
    tables += [dimensions_text(document.get("dimensions", {})), ablation_text(document.get("ablation", {}))]
    if "robustness" in document:
        tables.append(robustness_text(document["robustness"]))
    return "\n\n".join(part for part in tables if part)


def crossval_text(document: Document) -> str:
    """Return the scores of a cross-validation: each fold, all clips together, class by class."""
    header = ["", "clips", "UAR %", "WA %", "macro-F1 %", "loss"]
    rows = [
        [f"fold {row['fold']}", str(row["clips"]), *_percents(row), f"{row['loss']:.3f}"] for row in document["folds"]
    ]
    result = Result.from_dict({**document, "audit": {}})
    table = align([header, *rows, ["all", str(result.clips), *_percents(vars(result)), f"{result.loss:.3f}"]])
    spread = f"UAR over folds: {_spread(document['spread']['uar'])}"
    if "seeds" in document:
        first = document["seeds"][0]["seed"]
        spread = f"seed {first}, {spread}\nUAR over seeds, all folds: {_spread(document['seed_spread']['uar'])}"
    leaks = [f"{fold}: {line}" for fold, found in document["audit"].items() for line in findings_lines(found)]
    head = f"{document['recipe']['name']}: {len(rows)} folds; split: {_split(document['protocol'])}"
    parts = [head, f"{table}\n{spread}", intervals_text(result), *_details(result)]
    parts += [dimensions_text(document.get("dimensions", {})), ablation_text(document.get("ablation", {}))]
    parts += ["\n".join(leaks)]
    return "\n\n".join(part for part in parts if part)


def _spread(found: Document) -> str:
    told = f"mean {percent(found['mean'])}, {percent(found['least'])} to {percent(found['greatest'])}"
    return told if found["deviation"] is None else f"{told}, standard deviation {percent(found['deviation'])}"


def dimensions_text(found: Document) -> str:
    """Return the scores of arousal and the like; empty where the model tells none."""
    if not found:
        return ""
    header = ["dimension", "CCC", "95 % interval", "Pearson", "RMSE", "clips"]
    rows = [
        [
            name,
            decimals(scores["ccc"]),
            decimals_interval(scores["ccc_interval"]),
            decimals(scores["pearson"]),
            decimals(scores["rmse"]),
            str(scores["clips"]),
        ]
        for name, scores in found.items()
    ]
    return align([header, *rows])


def _percents(scores: Document) -> list[str]:
    return [percent(scores[key]) for key in ("uar", "wa", "macro_f1")]


def intervals_text(result: Result) -> str:
    """Return the intervals of a result's scores as a sentence; empty where there are none."""
    found = result.intervals
    if not found:
        return ""
    names = {"uar": "UAR", "wa": "WA", "macro_f1": "macro-F1"}
    listed = [
        f"{name} {percent(found[key][0])} to {percent(found[key][1])}" for key, name in names.items() if found[key]
    ]
    drawn = f"{found['clusters']} speakers" if found["clusters"] < found["clips"] else f"{found['clips']} clips"
    warning = f"\nnotice: {found['warning']}" if found["warning"] else ""
    told = f"95 % intervals, drawn from {drawn}: {', '.join(listed)}" if listed else "no intervals"
    return told + warning


def groups_text(groups: Document) -> str:
    """Return the scores of each group, and the largest gap between two; only the gap where there are many groups."""
    parts = []
    for name, table in groups.items():
        if len(table["groups"]) < 2:
            continue
        gap, told = table["gap"], ""
        if gap:
            points = percent(gap["value"])
            told = f"{name}: the largest gap in UAR is {points} points, {gap['best']} over {gap['worst']}"
        if len(table["groups"]) > MOST_GROUPS:
            parts.append(told)
            continue
        rows = [
            [
                str(row["group"]),
                str(row["clips"]),
                percent(row["uar"]),
                interval(row["uar_interval"]),
                percent(row["wa"]),
            ]
            for row in table["groups"]
        ]
        header = [f"by {name}", "clips", "UAR %", "95 % interval", "WA %"]
        parts.append("\n".join(part for part in (align([header, *rows]), told) if part))
    return "\n\n".join(part for part in parts if part)


def robustness_text(found: Document) -> str:
    """Return what is lost under each condition."""
    rows = [
        [
            row["what"],
            percent(row["uar"]),
            percent(row["wa"]),
            signed(row["lost"]),
            signed_interval(row["lost_interval"]),
            p_value(row["p"]),
        ]
        for row in found["rows"]
    ]
    header = ["condition", "UAR %", "WA %", "lost UAR", "95 % interval", "p"]
    notes = [f"notice: {found['warning']}"] if found["warning"] else []
    return "\n".join([align([header, *rows]), *notes])


def comparison_text(found: Document) -> str:
    """Return a comparison of models: their scores, then each pair."""
    scores = [[row["name"], percent(row["uar"]), percent(row["wa"]), f"{row['loss']:.3f}"] for row in found["results"]]
    header = ["", "UAR %", "95 % interval", "p", "WA %", "95 % interval", "p (McNemar)", "p (Holm)"]
    rows = [
        [
            f"{pair['first']} - {pair['second']}",
            signed(pair["uar_difference"]),
            signed_interval(pair["uar_interval"]),
            p_value(pair["p_uar"]),
            signed(pair["wa_difference"]),
            signed_interval(pair["wa_interval"]),
            p_value(pair["p_mcnemar"]),
            p_value(pair["p_adjusted"]),
        ]
        for pair in found["pairs"]
    ]
    warnings = dict.fromkeys(f"notice: {pair['warning']}" for pair in found["pairs"] if pair["warning"])
    clips = f"{found['pairs'][0]['clips']} clips, {found['pairs'][0]['clusters']} drawn groups"
    tables = [align([["", "UAR %", "WA %", "loss"], *scores]), align([header, *rows])]
    return "\n\n".join([*tables, "\n".join([clips, *warnings])])


def result_text(result: Result) -> str:
    """Return the scores of one evaluation, class by class."""
    parts = [f"split: {_split(result.protocol)}", scores_table({"": result}), intervals_text(result), *_details(result)]
    return "\n\n".join(part for part in parts if part)


def _details(result: Result) -> list[str]:
    findings = "\n".join(findings_lines(result.audit))
    return [per_class_table(result), confusion_table(result), *([findings] if findings else [])]


def findings_lines(audit: Document) -> list[str]:
    """Return a line for each finding that is not ok."""
    return [
        f"{finding['verdict']}: {finding['detail']}"
        for finding in audit.values()
        if finding.get("verdict", "ok") != "ok"
    ]


def label_map_text(labels: Sequence[str]) -> str:
    """Return a line for each label of a model: name, index among its outputs, one-hot vector.

    Example:
        >>> print(label_map_text(["anger", "fear"]))
        anger  0  [1. 0.]
        fear   1  [0. 1.]
    """
    vectors = [
        "[" + " ".join("1." if one == index else "0." for one in range(len(labels))) + "]"
        for index in range(len(labels))
    ]
    return align([[label, str(index), vectors[index]] for index, label in enumerate(labels)])


def example_text(found: Document) -> str:
    """Return where a clip is, its emotion, its speaker and its duration."""
    shown = {**found, "speaker": found["speaker"] or "unknown", "duration": f"{found['duration']:.2f} s"}
    return "\n".join(f"{key}: {value}" for key, value in shown.items())


def layers_text(layers: Sequence[Document], parameters: int) -> str:
    """Return a table of layers: name, type, output for a batch of one, parameters; and the size of all in float32."""
    rows = [
        [layer["name"], layer["type"], " x ".join(map(str, layer["output"])), f"{layer['parameters']:,}"]
        for layer in layers
    ]
    megabytes = parameters * _BYTES_PER_PARAMETER / 1e6
    total = f"{parameters:,} parameters, {megabytes:.1f} MB in float32"
    return align([["layer", "type", "output", "parameters"], *rows]) + "\n" + total


def recipes_text(entries: Sequence[Document]) -> str:
    """Return two lines for each recipe."""
    return "\n".join(
        f"{entry['name']}: {entry['title']}\n  {entry['parameters']:,} parameters at 5 emotions; {entry['input']}"
        for entry in entries
    )


def models_text(entries: Sequence[Document]) -> str:
    """Return a paragraph for each model."""
    return "\n\n".join(
        f"{entry['name']}: {entry['parameters']:,} parameters, {entry['sampling_rate']} Hz, "
        f"{len(entry['labels'])} labels ({', '.join(entry['labels'])})\n  licence: {entry['licence']}"
        for entry in entries
    )


def model_text(manifest: Document) -> str:
    """Return what a manifest says of a model, with its layers."""
    data = "\n".join(
        f"  {one['name']}{f' (through {through})' if (through := one.get('through')) else ''}: {one['clips']} clips; "
        f"{one['licence']}; {one['source']}"
        for one in manifest["training_data"]
    )
    scores = manifest["scores"]
    rows = [
        [part, str(scores[part]["clips"]), *(f"{100 * scores[part][key]:.1f}" for key in ("uar", "wa", "macro_f1"))]
        for part in PARTS
        if part in scores
    ]
    tables = [align([[f"split: {scores['protocol']}", "clips", "UAR %", "WA %", "macro-F1 %"], *rows])] if rows else []
    layers = [layers_text(manifest["layers"], manifest["parameters"])] if manifest["layers"] else []
    head = f"{models_text([manifest])}\ntrained on\n{data}" if data else models_text([manifest])
    return "\n\n".join([head, *tables, *layers])


def inventory_text(found: Document) -> str:
    """Return what is in a corpus."""
    hours = found["seconds"] / 3600
    lines = [f"{found['name']}: {found['clips']} clips that can be read, {hours:.2f} hours ({found['seconds']:.0f} s)"]
    for key in ("shortest", "longest"):
        if found[key]:
            lines.append(f"{key}: {found[key]['seconds']:.2f} s, {found[key]['file']}")
    lines.append("emotions: " + ", ".join(f"{emotion} {count}" for emotion, count in found["emotions"].items()))
    speakers = found["speakers"]
    counts = sorted(speakers.values())
    lines.append(f"speakers: {len(speakers)}, with {_range(counts)} clips each" if speakers else "speakers: unknown")
    lines.append(f"licence: {found['licence']}")
    lines.append(f"source: {found['source']}")
    if found["skipped"]:
        lines.append(f"skipped, because their names do not fit: {len(found['skipped'])} files, {found['skipped'][0]} …")
    lines += [f"broken: {broken['file']}: {broken['error']}" for broken in found["broken"]]
    lines += [f"{fold}: {line}" for fold, audit in found["audit"].items() for line in findings_lines(audit)]
    return "\n".join(lines)
