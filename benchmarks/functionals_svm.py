"""Our 88 functionals beside openSMILE's in the same SVM: AESDD a speaker left out, RAVDESS in EmoBox's six folds.

Needs `pip install opensmile` (for research and personal use only) and PARAVERBAL_CORPORA. Speakers are never in two parts: the
cost of the SVM is chosen on validation speakers cut from train, the test clips of all folds are scored together. Both sets see
the same clips, folds and costs. All is done with several cuts of validation speakers: which cost they choose moves a score by
more than the sets differ. Scores are means over the cuts; the interval and test are of the first.
"""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from egemaps import load, ours, theirs
from paraverbal.audio.read import info
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.protocols import make_folds
from paraverbal.corpora.split import Split, official
from paraverbal.corpora.split import read as read_split
from paraverbal.errors import AudioError
from paraverbal.metrics.bootstrap import intervals
from paraverbal.metrics.classes import uar
from paraverbal.metrics.comparison import paired_bootstrap
from side_by_side import RESULTS

COSTS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
WORKERS = 2
CUTS = 5

Table = NDArray[np.floating]


def both(file: Path) -> tuple[Table, Table]:
    """Return our functionals and openSMILE's of a recording."""
    waveform = load(file)
    return ours(waveform), theirs(waveform)


def is_good(file: str | Path) -> bool:
    try:
        return info(file).seconds > 0
    except AudioError:
        return False


def folds_of(corpus: Corpus, seed: int) -> list[Split]:
    """Return the folds, each with validation speakers cut from train as the seed says."""
    if corpus.name == "aesdd":
        folds = make_folds(corpus, "loso", folds=None, valid=0.15, test=0.15, seed=0).table
        parts = Split(folds.with_columns(split=folds["split"].replace("valid", "train")))
    else:
        parts = read_split(Path(os.environ["PARAVERBAL_CORPORA"]).parent / "splits" / "emobox" / "ravdess.csv")
    return [official(corpus, parts, fold=fold, valid=0.15, seed=seed) for fold in parts.folds]


def answers(values: Table, truth: NDArray[np.int64], files: list[str], folds: list[Split]) -> NDArray[np.int64]:
    """Return what the SVM says of each clip when it is tested."""
    place = {file: row for row, file in enumerate(files)}
    told = np.full(len(files), -1, dtype=np.int64)
    for fold in folds:
        train, valid, test = (
            np.array([place[file] for file in fold.files(part) if file in place]) for part in ("train", "valid", "test")
        )
        scaler = StandardScaler().fit(values[train])
        machines = [SVC(C=cost).fit(scaler.transform(values[train]), truth[train]) for cost in COSTS]
        scored = [uar(truth[valid], one.predict(scaler.transform(values[valid])), truth.max() + 1) for one in machines]
        told[test] = machines[int(np.argmax(scored))].predict(scaler.transform(values[test]))
    return told


def compared(name: str) -> dict[str, Any]:
    """Return UAR of both sets on one corpus, with intervals, and their difference."""
    corpus = read_corpus(Path(os.environ["PARAVERBAL_CORPORA"]) / name)
    rows = [row for row in corpus.table.iter_rows(named=True) if is_good(corpus.path(row["file"]))]
    files = [row["file"] for row in rows]
    labels = sorted({row["emotion"] for row in rows})
    truth = np.array([labels.index(row["emotion"]) for row in rows])
    with ProcessPoolExecutor(WORKERS) as pool:
        tables = zip(*pool.map(both, [corpus.path(file) for file in files], chunksize=8), strict=True)
        values = dict(
            zip(("paraverbal", "openSMILE"), (np.array(one, dtype=np.float64) for one in tables), strict=True)
        )
    cuts, speakers = [folds_of(corpus, seed) for seed in range(CUTS)], [row["speaker"] for row in rows]
    cut = {who: [answers(table, truth, files, folds) for folds in cuts] for who, table in values.items()}
    folds, told = cuts[0], {who: each[0] for who, each in cut.items()}
    tested = told["paraverbal"] >= 0
    speakers = [speaker for speaker, yes in zip(speakers, tested, strict=True) if yes]
    true = truth[tested]
    told = {who: one[tested] for who, one in told.items()}
    scored = {who: [uar(true, one[tested], len(labels)) for one in each] for who, each in cut.items()}
    found = {who: intervals(true, one, len(labels), groups=speakers).to_dict()["uar"] for who, one in told.items()}
    difference = paired_bootstrap(true, told["paraverbal"], told["openSMILE"], len(labels), groups=speakers)
    return {
        "corpus": name,
        "clips": len(true),
        "folds": len(folds),
        "uar": {who: float(np.mean(scores)) for who, scores in scored.items()},
        "uar_of_each_cut": scored,
        "intervals": found,
        "difference": difference.uar.value,
        "difference_interval": difference.uar.interval,
        "p": difference.uar.p,
    }


def main() -> None:
    results = [compared(name) for name in ("aesdd", "ravdess")]
    for result in results:
        print(json.dumps(result))
    document = {
        "name": "functionals_svm",
        "unit": "as named",
        "rounds": 1,
        "cores": WORKERS,
        "first": "",
        "medians": {
            f"{result['corpus']}, speakers apart, UAR % of {who}": round(100 * value, 2)
            for result in results
            for who, value in result["uar"].items()
        },
        "ratio_to_first": {},
        "results": results,
    }
    (RESULTS / "bench-functionals_svm.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
