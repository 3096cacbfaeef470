"""The project reads from the bottom up: a module imports only from below, so it can be understood without the rest."""

import ast
import importlib
import inspect
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APP = ROOT / "streamlit_app.py"
MODULES = [*sorted(ROOT.glob("playground/**/*.py")), *sorted(ROOT.glob("pages/*.py")), APP]
ORDER = (  # a folder may import those before it, and itself; a new folder must be added
    "playground", "playground/nn", "playground/data", "playground/settings", "playground/server",
    "playground/training", "playground/training/findings", "playground/topics", "playground/topics/initialization",
    "playground/topics/batch_norm", "playground/topics/digits", "playground/topics/forward_backward",
    "playground/topics/course", "playground/export", "playground/charts", "playground/film", "playground/ui",
    "playground/ui/sections", "pages", ".",
)  # fmt: skip

# Between workers, which compute films, go trainers; what comes from a visitor is never unpickled.
OWN_STATES = {"segment.py": {"pickle"}, "studio.py": {"joblib"}}

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())


def dotted(path: Path) -> str:
    """Name of a module: "playground.nn.layers"; of a package, its own."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Absolute names of all that a file imports, anywhere in it: modules, and names that may be modules."""
    package = path.relative_to(ROOT).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*base, *([node.module] if node.module else [])])
            found.update({base} | {f"{base}.{alias.name}" for alias in node.names})
    return found


def folder(path: Path) -> str:
    """The folder of a file, as in `ORDER`."""
    return path.parent.relative_to(ROOT).as_posix()


def calls(path: Path) -> set[str]:
    """Names of all functions that a file calls by their bare name."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def top_level(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


@each_module
def test_a_module_imports_only_from_below(path):
    known = {dotted(module): folder(module) for module in MODULES}
    imported = {known[name] for name in imports(path) if name in known}
    assert imported <= set(ORDER[: ORDER.index(folder(path)) + 1])


def test_every_folder_has_its_place_in_the_order():
    assert {folder(path) for path in MODULES} == set(ORDER)


def test_a_name_is_used_once():
    names = [path.name for path in MODULES if path.name != "__init__.py" and folder(path) != "pages"]
    assert sorted(names) == sorted(set(names))


def test_no_modules_import_each_other_in_a_circle():
    names = {dotted(path): path for path in MODULES}
    TopologicalSorter({name: imports(path) & names.keys() - {name} for name, path in names.items()}).prepare()


@pytest.mark.parametrize("path", sorted(ROOT.glob("playground/nn/*.py")), ids=lambda path: path.name)
def test_the_engine_needs_nothing_but_numpy(path):
    outside = {name for name in imports(path) if not name.startswith("playground.nn")}
    assert {name.split(".")[0] for name in outside} <= {"numpy"} | sys.stdlib_module_names


@pytest.mark.parametrize(
    ("library", "folders"),
    [("streamlit", {"playground/ui", "playground/ui/sections", "pages", "."}), ("altair", {"playground/charts"})],
)
def test_what_draws_on_the_screen_is_known_to_its_own_folders_alone(library, folders):
    assert {folder(path) for path in MODULES if library in top_level(path)} <= folders


def test_the_app_needs_nothing_but_the_user_interface_and_the_routes():
    needed = ("playground.ui", "playground.film.routes", "streamlit")
    assert all(name.startswith(needed) for name in imports(APP))


@each_module
def test_nothing_that_is_read_can_run(path):
    reading = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code", "runpy"}
    assert top_level(path) & reading <= OWN_STATES.get(path.name, set())
    assert not calls(path) & {"eval", "exec", "compile", "__import__"}


@each_module
def test_a_module_opens_with_a_sentence(path):
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert docstring, "no docstring"
    first = docstring.splitlines()[0]
    assert first[0].isupper()
    assert first.endswith(".")


@each_module
def test_what_others_use_has_a_docstring(path):
    """Its own or an inherited one; an entry of a catalogue is described there, a station by its question."""
    missing, module = [], importlib.import_module(dotted(path)) if folder(path).startswith("playground") else None
    for node in ast.parse(path.read_text("utf-8")).body if module else ():
        found = getattr(module, getattr(node, "name", ""), None)
        if isinstance(node, ast.FunctionDef) and inspect.isfunction(found):
            missing += [node.name] * (not node.name.startswith("_") and not inspect.getdoc(found))
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            methods = [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
            public = [name for name in methods if not name.startswith("_")]
            missing += [f"{node.name}.{name}" for name in public if not inspect.getdoc(getattr(found, name))]
    assert missing == []


@pytest.mark.parametrize(
    "path", [*MODULES, *sorted(ROOT.glob("tests/**/*.py"))], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_a_file_is_short_enough_to_be_read(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400
