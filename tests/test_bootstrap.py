"""An installed copy of the package needs its own files and nothing else of the repository."""

import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lpr_gfpgan"

# Modules of the study alone, by the reason that they may import what the extra `study` installs.
NEED_STUDY = {
    "lpr_gfpgan.explore.panel": "sliders are ipywidgets",
    "lpr_gfpgan.explore.pages": "likewise",
    "lpr_gfpgan.evaluation.figure_style": "figures are drawn with matplotlib",
    "lpr_gfpgan.evaluation.figures": "likewise",
    "lpr_gfpgan.evaluation.ablation_figures": "likewise",
    "lpr_gfpgan.evaluation.confidence_figures": "likewise",
    "lpr_gfpgan.evaluation.effect_figures": "likewise",
    "lpr_gfpgan.evaluation.grid_figures": "likewise",
    "lpr_gfpgan.evaluation.recoverability_figures": "likewise",
    "lpr_gfpgan.evaluation.restoration_figures": "likewise",
    "lpr_gfpgan.evaluation.training_figures": "likewise",
    "lpr_gfpgan.evaluation.report": "it draws the figures of the page",
    "lpr_gfpgan.evaluation.grid_report": "likewise",
    "lpr_gfpgan.evaluation.real_figures": "likewise",
    "lpr_gfpgan.evaluation.released_report": "likewise",
    "lpr_gfpgan.evaluation.released_real_report": "it names weights as that one does",
    "lpr_gfpgan.evaluation.released_sheet": "it draws a sheet",
    "lpr_gfpgan.evaluation.recipes_report": "it draws a figure",
}
STUDY = ["IPython", "dvc", "ipykernel", "ipywidgets", "jupyter_client", "jupyterlab", "matplotlib"]
STUDY += ["nbclient", "nbconvert", "nbformat", "nbstripout", "nbval", "papermill", "seaborn"]

# Imports the modules named in the arguments with the packages named first out of reach; prints
# which failed, which data files of the working folder were opened, which packages were imported.
IMPORT = """
import importlib, json, os, sys

blocked = set(sys.argv[1].split(","))
opened = []

class Finder:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        opened.append(os.path.abspath(os.fsdecode(arguments[0])))

sys.path.insert(0, os.getcwd())
sys.meta_path.insert(0, Finder)
sys.addaudithook(watch)
failed = {}
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = repr(error)
top = sorted({name.partition(".")[0] for name in sys.modules})
here = os.getcwd() + os.sep
# An editable installation puts a name that is no file, but tried as one, on the search path.
code = (".py", ".pyc", ".__path_hook__")
data = [path for path in opened if path.startswith(here) and not path.endswith(code)]
print(json.dumps({"failed": failed, "data": data, "imported": top, "opened": opened}))
"""


def modules():
    """Every module of the package, by name."""
    paths = [path.relative_to(ROOT).with_suffix("") for path in PACKAGE.rglob("*.py")]
    names = {".".join(path.parts).removesuffix(".__init__") for path in paths}
    return sorted(names - {"lpr_gfpgan.__main__"})  # importing that one would run it


def import_in(folder, names, *, blocked=()):
    """Import modules in a new process that sees only `folder` and the installed dependencies."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LPR_", "PYTHON"))}
    command = [sys.executable, "-B", "-c", IMPORT, ",".join(blocked), *names]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def source_only(tmp_path_factory):
    """A copy of the package's Python files: no data beside them, no repository around them."""
    folder = tmp_path_factory.mktemp("source_only").resolve()
    for path in PACKAGE.rglob("*.py"):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return folder


@pytest.fixture(scope="module")
def without_study(source_only):
    return import_in(source_only, modules(), blocked=STUDY)


def test_package_alone_imports_nothing_heavy(source_only):
    seen = import_in(source_only, ["lpr_gfpgan"])
    assert not seen["failed"]
    assert not {"torch", "numpy", "cv2", "pandas", "scipy"} & set(seen["imported"])


def test_modules_import_without_the_study_packages(without_study):
    assert without_study["failed"].keys() <= NEED_STUDY.keys(), without_study["failed"]


def test_study_packages_were_out_of_reach(without_study):
    assert not set(STUDY) & set(without_study["imported"])


def test_importing_reads_no_file(tmp_path):
    folder = tmp_path.resolve()
    shutil.copytree(PACKAGE, folder / PACKAGE.name)
    shutil.copyfile(ROOT / "params.yaml", folder / "params.yaml")
    seen = import_in(folder, modules())
    assert seen["failed"] == {}
    assert str(PACKAGE / "__init__.py") not in seen["opened"]  # it was the copy that was imported
    assert str(folder / PACKAGE.name / "__init__.py") in seen["opened"]
    assert seen["data"] == []


def test_file_read_at_import_is_noticed(tmp_path):
    (tmp_path / "settings.txt").write_text("1")
    (tmp_path / "reads.py").write_text("open('settings.txt').close()\n")
    seen = import_in(tmp_path.resolve(), ["reads"])
    assert [Path(path).name for path in seen["data"]] == ["settings.txt"]


def test_wheel_holds_every_file_of_the_package(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(PACKAGE, source / PACKAGE.name, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, source / name)
    expected = {
        path.relative_to(source).as_posix()
        for path in (source / PACKAGE.name).rglob("*")
        if path.is_file()
    }
    # The build back end is called directly: a front end would fetch it from the network.
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=source, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_tests_run_at_the_smallest_profile_into_a_folder_of_their_own():
    assert os.environ["LPR_GFPGAN_PROFILE"] == "smoke"
    output = Path(os.environ["LPR_GFPGAN_OUTPUT"]).resolve()
    assert output.is_dir()
    assert ROOT not in (output, *output.parents)


def test_tests_have_no_network():
    with pytest.raises(OSError, match="without a network"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)  # an address reserved for documents
