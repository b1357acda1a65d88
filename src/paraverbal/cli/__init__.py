"""The command line: parses, calls one public function per command, prints.

Results go to stdout; progress, warnings and errors to stderr. Exit code 0: all well; 1: some inputs failed, the rest are
done; 2: the request itself is wrong. Heavy imports wait inside the commands, so that `--help` answers at once.
"""

import sys

from paraverbal.cli import acoustics, live, looking, serving, training, using
from paraverbal.cli.app import app
from paraverbal.cli.options import fail
from paraverbal.errors import MissingExtraError, ParaverbalError

__all__ = ["acoustics", "app", "live", "looking", "main", "serving", "training", "using"]

# As `--help` lists them.
_ORDER = (
    "predict",
    "saliency",
    "listen",
    "train",
    "crossval",
    "evaluate",
    "compare",
    "corpus",
    "features",
    "plot",
    "recipes",
    "models",
    "report",
    "export",
    "serve",
)
app.registered_commands.sort(key=lambda command: _ORDER.index(getattr(command.callback, "__name__", "")))


def main() -> None:
    """Run the command line; an error of paraverbal is one sentence on stderr and exit code 2."""
    try:
        app()
    except ParaverbalError as error:
        fail(str(error))
    except ModuleNotFoundError as error:
        missing = MissingExtraError.of(error)
        if missing is None:
            raise
        fail(str(missing))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        fail(f"{error.filename}: {error.strerror}; check the path and its permissions")
