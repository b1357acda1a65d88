"""Bundle in a model repository on Hugging Face -> bundle folder: `hf://owner/name`, or `hf://owner/name@revision`.

Only what a bundle needs is fetched: manifest, graph, card, and the tokenizer of a model that reads text. The files stay in the
cache of huggingface_hub (`HF_HOME`), from which they are taken where there is no network or `HF_HUB_OFFLINE` is set. Another
host is set by `HF_ENDPOINT`, a private repository is read with `HF_TOKEN`; both are the library's own.
"""

import re
from pathlib import Path

from paraverbal.bundle.format import MANIFEST, TOKENIZER, Manifest
from paraverbal.errors import BundleError, optional

SCHEME = "hf://"
CARD = "README.md"

# Hugging Face's own rule for names; revisions are branches, tags or commits.
_ADDRESS = re.compile(r"(?P<repository>[\w][\w.-]{0,95}/[\w][\w.-]{0,95})(?:@(?P<revision>[\w./-]{1,255}))?")


def hub_folder(address: str) -> Path:
    """Return the folder of a bundle on Hugging Face, after fetching what is not there yet.

    Args:
        address: `hf://owner/name`, behind which `@` and a branch, tag or commit may stand; a commit never changes.

    Raises:
        BundleError: The address is none, there is no such repository or revision, it holds no bundle, or it cannot be
            reached and is not in the cache.
        MissingExtraError: huggingface_hub is not installed.
    """
    match = _ADDRESS.fullmatch(address.removeprefix(SCHEME))
    if match is None or ".." in address:
        raise BundleError(
            f"{address!r} is no address of a model; expected {SCHEME}OWNER/NAME or {SCHEME}OWNER/NAME@REVISION"
        )
    repository, revision = match["repository"], match["revision"]
    found = _fetched(address, repository, MANIFEST, revision)
    if found is None:
        raise BundleError(
            f"{address}: the repository holds no {MANIFEST}, so it is no bundle of paraverbal; give another"
        )
    # The folder is named after the commit: all other files are of the same one, even if the branch moves on meanwhile.
    folder, manifest = found.parent, Manifest.read(found.parent)
    if _fetched(address, repository, manifest.graph.file, folder.name) is None:
        raise BundleError(f"{address}: {MANIFEST} names {manifest.graph.file}, which the repository does not hold")
    for file in (CARD, *([TOKENIZER] if "text" in manifest.modalities else [])):
        _fetched(address, repository, file, folder.name)
    return folder


def _fetched(address: str, repository: str, file: str, revision: str | None) -> Path | None:
    """Return where a file of a repository lies in the cache; None if the repository does not hold it.

    Raises:
        BundleError, MissingExtraError: As of `hub_folder`.
    """
    hub = optional("huggingface_hub")
    errors = optional("huggingface_hub.errors")
    try:
        return Path(hub.hf_hub_download(repository, file, revision=revision))
    except errors.GatedRepoError as error:
        raise BundleError(f"{address}: access must be asked for on its page; then set HF_TOKEN") from error
    except errors.RepositoryNotFoundError as error:
        raise BundleError(f"{address}: there is no such repository, or it is private (set HF_TOKEN)") from error
    except errors.RevisionNotFoundError as error:
        raise BundleError(f"{address}: the repository has no revision {revision!r}") from error
    except errors.LocalEntryNotFoundError as error:
        raise BundleError(
            f"{address}: cannot be reached, and {file} is not in the cache; check the network, or give a folder"
        ) from error
    except errors.EntryNotFoundError:
        return None
    except (errors.HfHubHTTPError, errors.HFValidationError, OSError) as error:
        raise BundleError(f"{address}: cannot be fetched ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
