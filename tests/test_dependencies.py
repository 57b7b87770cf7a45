"""Every module that a stage's notebook runs is its dependency, or left out with a reason.

A module that is missing there can change without the stage being run again.
"""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
NAME = "lpr_gfpgan"

EVERYWHERE = {
    "errors.py": "words of refusals only",
    "alone.py": "keeps two runs apart; says nothing about what they make",
    "files.py": "reads and writes files whole; says nothing about what is in them",
    "config.py": "carries params.yaml, whose values are each stage's params",
    "settings.py": "types of those values",
    "training/stages.py": "trains what is missing; here plates and weights are dependencies",
    "training/distributed.py": "one process runs a stage; it shares nothing with others",
}
"""Modules that no stage need depend on, and why; they are not followed further."""

DRAWN = {"plates": "the drawn plates, data/synthetic, are a dependency themselves"}
PICTURES = {"training/pictures.py": "arranges the sample sheet for people; trains nothing"}
DEVICE = {"restore/device.py": "only the choice of a device"}
EXCEPT = {
    "conditions": DRAWN | {"networks": "no network degrades a plate"},
    "readers": DRAWN | PICTURES,
    "prior": DRAWN
    | PICTURES
    | dict.fromkeys(("degradations", "ranges.py"), "the prior learns sharp scenes"),
    "prior_quality": DRAWN
    | dict.fromkeys(("degradations", "ranges.py"), "degraded sets are a dependency themselves")
    | {"training": "the weights are a dependency themselves"},
    "warmup": DRAWN,
    "restorer": DRAWN,
    "baseline": DRAWN,
    "evaluation": DRAWN
    | DEVICE
    | {"evaluation/report.py": "lists the sets' hashes; the page is `figures`"},
    "grid": DRAWN | DEVICE,
    "figures": DEVICE,
    "recipes": dict.fromkeys(
        ("degradations", "networks", "plates", "readers", "restore", "training"),
        "its rows are a dependency themselves: nothing is restored or read here",
    ),
}
"""The same by stage: modules, or rooms whole."""


def stages():
    for file in (ROOT / "dvc.yaml", ROOT / "real" / "dvc.yaml"):
        yield from yaml.safe_load(file.read_text(encoding="utf-8"))["stages"].items()


STAGES = dict(stages())


def module_path(dotted):
    """File of a dotted name below the package, or None."""
    place = ROOT.joinpath(*dotted.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


def dotted_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(path):
    """Where each name that a module imports comes from: (name here, module, name there)."""
    own = dotted_name(path)
    package = own if path.stem == "__init__" else own.rpartition(".")[0]
    return list(imports_in(path.read_text(encoding="utf-8"), package))


def imports_in(source, package=""):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((a.asname, a.name, None) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = (
                [*above, *([node.module] if node.module else [])] if node.level else [node.module]
            )
            yield from ((a.asname or a.name, ".".join(base), a.name) for a in node.names)


def defined_in(module, name):
    """The file that defines a name: a package's __init__ only hands it on."""
    if module.split(".")[0] != NAME:
        return None
    inner = module_path(f"{module}.{name}") if name else None
    if inner:
        return inner
    path = module_path(module)
    if path is not None and path.stem == "__init__" and name:
        for here, origin, there in imports_of(path):
            if here == name:
                return defined_in(origin, there)
    return path


def covers(entries, path):
    place = path.relative_to(ROOT / NAME)
    return any(place == Path(e) or Path(e) in place.parents for e in entries)


def reached(source, left_out):
    """Files of the package that a source runs, without those left out and what only they run."""
    found = set()
    waiting = [defined_in(module, name) for _, module, name in imports_in(source)]
    while waiting:
        path = waiting.pop()
        if path is None or path in found or covers(left_out, path):
            continue
        found.add(path)
        # A package itself: its __init__ runs, but only hands names on.
        if path.stem != "__init__":
            waiting += [defined_in(module, name) for _, module, name in imports_of(path)]
    return found


def notebook_source(stage):
    (name,) = {d for d in stage["deps"] if re.fullmatch(r"notebooks/\w+\.ipynb", d)}
    cells = json.loads((ROOT / name).read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


def package_deps(stage):
    """Its entries of the package; the package as a whole is the empty path, which covers all."""
    return [
        d.removeprefix(NAME).removeprefix("/")
        for d in stage["deps"]
        if d == NAME or d.startswith(f"{NAME}/")
    ]


def left_out_of(name):
    return EVERYWHERE | EXCEPT.get(name, {})


def missing_of(name, exceptions):
    """Modules that a stage runs and neither depends on nor leaves out."""
    listed = package_deps(STAGES[name])
    # What is listed is followed, even where it lies in a room that is left out.
    left_out = [entry for entry in exceptions if entry not in listed]
    modules = reached(notebook_source(STAGES[name]), left_out)
    assert modules, "the notebook uses nothing of the package"
    # A package's __init__ hands names on; what it runs besides is followed by name.
    return {
        str(p.relative_to(ROOT)) for p in modules if p.stem != "__init__" and not covers(listed, p)
    }


@pytest.mark.parametrize("name", STAGES)
def test_every_module_a_stage_runs_is_its_dependency(name):
    assert not missing_of(name, left_out_of(name))


@pytest.mark.parametrize(
    ("name", "entry"), [(name, entry) for name, entries in EXCEPT.items() for entry in entries]
)
def test_nothing_is_left_out_without_need(name, entry):
    assert missing_of(name, {k: v for k, v in left_out_of(name).items() if k != entry})


@pytest.mark.parametrize("name", STAGES)
def test_dependencies_exist(name):
    assert all((ROOT / NAME / entry).exists() for entry in package_deps(STAGES[name]))


def test_what_is_left_out_exists_and_belongs_to_a_stage():
    assert EXCEPT.keys() <= STAGES.keys()
    for name in STAGES:
        assert all((ROOT / NAME / entry).exists() for entry in left_out_of(name))


def test_names_are_followed_to_where_they_are_defined():
    assert defined_in(f"{NAME}.evaluation", "evaluate") == ROOT / NAME / "evaluation" / "run.py"
    assert defined_in(f"{NAME}.training", "ensure_all") == ROOT / NAME / "training" / "stages.py"
    assert defined_in("numpy", "array") is None
    modules = reached(f"from {NAME}.evaluation import evaluate", EVERYWHERE)
    assert ROOT / NAME / "training" / "stage.py" in modules
