"""What a model owes to the one whose weights its training began with: recordings that it has heard, and their licences."""

from dataclasses import replace

from paraverbal.audit.findings import Finding, finding
from paraverbal.bundle.format import Manifest
from paraverbal.corpora.corpus import Corpus
from paraverbal.settings import Recipe
from paraverbal.training.transfer import check_start


def started_with(recipe: Recipe) -> Manifest | None:
    """Return what is known of the model that a training begins with; None if it begins anew.

    Raises:
        BundleError, RunError: As `training.transfer.check_start`.
    """
    return None if recipe.training.init == "none" else check_start(recipe, recipe.training.init).manifest


def lineage_finding(start: Manifest, corpus: Corpus) -> Finding:
    """Return the finding whether the model that training begins with has heard this corpus, by its name.

    Its items are corpus -> clips that it was trained on.
    """
    own = {origin.name for origin in corpus.origins}
    shared = {str(one["name"]): one["clips"] for one in start.training_data if one["name"] in own}
    detail = f"training begins with the weights of {start.name}, "
    if not shared:
        return finding("lineage", "ok", f"{detail}which was trained on no corpus of this name")
    detail += f"which was trained on clips of {', '.join(shared)}: if test clips are among them, the score is too good"
    return finding("lineage", "notice", detail, shared)


def with_lineage(manifest: Manifest, start: Manifest | None) -> Manifest:
    """Return the manifest with what the model that training began with had heard (`through` names it), and its licence."""
    if start is None:
        return manifest
    data = (*manifest.training_data, *({"through": start.name, **one} for one in start.training_data))
    licence = manifest.licence
    if licence != start.licence:
        licence = f"{licence}; weights of {start.name}: {start.licence}"
    return replace(manifest, training_data=data, licence=licence)
