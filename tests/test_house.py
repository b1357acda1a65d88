"""The house stands as it is drawn: stages look up only, the core is light, nothing unsafe or loose lies about."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bundles import write_bundle

import paraverbal

ROOT = Path(paraverbal.__file__).parent
TESTS = Path(__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
NAMES = [file.relative_to(ROOT).as_posix() for file in FILES]

# A module imports only from stages before its own, and from its own.
STAGES = [
    "errors",
    "emotions",
    "settings",
    "config",
    "corpora",
    "audio",
    "text",
    "features",
    "audit",
    "augment",
    "batches",
    "models",
    "bundle",
    "inference",
    "metrics",
    "training",
    "evaluation",
    "report",
    "experiment",
    "service",
    "cluster",
    "cli",
]
DOORS = {"__init__", "__main__"}  # the public names and the entry point: above all stages

HEAVY = "torch polars matplotlib transformers pydantic rich jinja2 lightning_fabric onnx onnxscript scipy sklearn typer fastapi"
LIGHT = """
import sys
import paraverbal
assert set(sys.modules).isdisjoint(["numpy", "onnxruntime", "soundfile"]), "import paraverbal is not lazy"
print(paraverbal.predict(sys.argv[1], model=sys.argv[2]).emotion)
print(sorted(set(sys.argv[3].split()) & set(sys.modules)))
"""

trees = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in zip(NAMES, FILES, strict=True)}
every_file = pytest.mark.parametrize("name", NAMES)


def stage_of(name):
    return name.partition("/")[0].removesuffix(".py")


def is_type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def imported(node):
    """Yield the modules that are imported anywhere below a node, but for those that only a type checker sees."""
    if is_type_checking(node):
        for other in node.orelse:
            yield from imported(other)
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative import"
        yield node.module
        if node.module == "paraverbal":
            yield from (f"paraverbal.{alias.name}" for alias in node.names if alias.name != "__version__")
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


def calls(tree):
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def public(tree):
    """Yield public classes and functions, and the public methods of public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


@every_file
def test_every_file_belongs_to_a_stage(name):
    assert stage_of(name) in {*STAGES, *DOORS}


@every_file
def test_a_stage_imports_only_stages_above_it(name):
    stage = stage_of(name)
    if stage in DOORS:
        return
    allowed = set(STAGES[: STAGES.index(stage) + 1])
    stages = {module.split(".")[1] for module in imported(trees[name]) if module.startswith("paraverbal.")}
    assert stages <= allowed, f"{name} imports {', '.join(sorted(stages - allowed))}"


def test_the_rule_would_notice_an_import_from_below():
    tree = ast.parse("def f():\n    from paraverbal.cli import app\nif TYPE_CHECKING:\n    import paraverbal.service\n")
    assert set(imported(tree)) == {"paraverbal.cli"}


def test_the_core_predicts_without_the_extras(tmp_path):
    clip = TESTS.parent / "examples" / "clips" / "angry_1.flac"
    bundle = write_bundle(tmp_path / "bundle")
    command = [sys.executable, "-c", LIGHT, str(clip), str(bundle), HEAVY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    emotion, heavy = done.stdout.splitlines()
    assert emotion in ("anger", "neutral", "sadness")
    assert heavy == "[]"


@every_file
def test_no_stage_of_the_core_imports_an_extra(name):
    if stage_of(name) not in {"errors", "emotions", "settings", "config", "audio", "inference"} and name not in (
        "bundle/load.py",
        "bundle/format.py",
    ):
        return
    extras = {"torch", "polars", "matplotlib", "transformers", "jinja2", "safetensors", "onnx", "sklearn", "scipy"}
    assert not extras & {module.partition(".")[0] for module in imported(trees[name])}


def test_public_names_are_there_and_documented():
    assert paraverbal.__all__ == ["__version__", *sorted(paraverbal._HOMES)]
    assert set(dir(paraverbal)) == set(paraverbal.__all__)
    for name in paraverbal._HOMES:
        value = getattr(paraverbal, name)
        assert value is getattr(importlib.import_module(f"paraverbal.{paraverbal._HOMES[name]}"), name)
        assert value.__doc__
        assert value.__name__ == name


def test_a_type_checker_sees_the_public_names_where_they_are():
    (block,) = [node for node in trees["__init__.py"].body if is_type_checking(node)]
    homes = {}
    for node in block.body:
        for alias in node.names:
            assert alias.asname == alias.name  # else it is no public name for a type checker
            homes[alias.name] = node.module.removeprefix("paraverbal.")
    assert homes == paraverbal._HOMES


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'predictt'"):
        _ = paraverbal.predictt


def test_the_version_is_that_of_the_project():
    text = (TESTS.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{paraverbal.__version__}"\n' in text


@every_file
def test_nothing_is_unpickled(name):
    assert not {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"} & set(imported(trees[name]))
    assert not {"torch.load", "torch.save"} & calls(trees[name])
    for node in ast.walk(trees[name]):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert ast.unparse(node.value) == "False"


@every_file
def test_nothing_is_printed_asserted_or_run_from_text(name):
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(trees[name]))
    assert not {"print", "eval", "exec", "os.system"} & calls(trees[name])


@every_file
def test_no_error_is_swallowed_whatever_it_is(name):
    for node in ast.walk(trees[name]):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert ast.unparse(node.type) not in ("Exception", "BaseException")


@every_file
def test_nothing_names_a_path_of_one_machine(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"""["'\s](/(home|work|root|Users|mnt|data|tmp|opt|usr)/|[A-Z]:\\)""", text)


@every_file
def test_every_file_says_what_it_is_and_is_short(name):
    assert ast.get_docstring(trees[name])
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= 400


@every_file
def test_every_public_class_function_and_method_is_documented(name):
    missing = [node.name for node in public(trees[name]) if not ast.get_docstring(node)]
    assert missing == []


@every_file
def test_no_drawer_for_odds_and_ends(name):
    drawers = {"utils", "util", "common", "core", "helpers", "helper", "misc"}
    assert not drawers & {part.removesuffix(".py") for part in name.split("/")}


def test_tests_have_the_names_of_what_they_test():
    modules = {Path(name).stem for name in NAMES} | {Path(name).parent.name for name in NAMES}
    mirrored = [
        file for file in TESTS.rglob("test_*.py") if file.parent.name in {Path(name).parent.name for name in NAMES}
    ]
    assert mirrored
    for file in mirrored:
        stage = file.relative_to(TESTS).parts[0]
        assert stage.removesuffix(".py").removeprefix("test_") in modules | {"house", "docs"}


def test_the_readme_names_every_recipe_and_every_command():
    from paraverbal.cli import app
    from paraverbal.config import recipe_names

    text = (TESTS.parent / "README.md").read_text(encoding="utf-8")
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert [name for name in (*recipe_names(), *commands) if name not in text] == []


def test_the_makefile_has_the_targets_that_the_readme_and_ci_call():
    makefile = (TESTS.parent / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "install", "check", "test", "bench", "docs", "results", "train-demo"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
