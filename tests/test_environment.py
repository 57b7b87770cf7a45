"""pyproject.toml, requirements.lock, environment.yml and what is installed agree."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()


def direct_requirements():
    """What pyproject.toml asks for by name: the package and its extras, without itself."""
    extras = PROJECT["optional-dependencies"].values()
    texts = PROJECT["dependencies"] + [text for extra in extras for text in extra]
    requirements = {canonicalize_name(r.name): r for r in map(Requirement, texts)}
    del requirements[PROJECT["name"]]
    return requirements


def locked():
    """Version by name of every line in the lock that applies to this machine."""
    lines = [line for line in LOCK.splitlines() if line and not line.startswith("#")]
    pins = [Requirement(line) for line in lines]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in here}


def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


def conda_pip():
    return next(entry["pip"] for entry in conda() if isinstance(entry, dict))


@pytest.mark.parametrize("name", sorted(direct_requirements()))
def test_direct_dependency_is_locked_within_its_bounds_and_installed(name):
    assert direct_requirements()[name].specifier.contains(locked()[name])
    # +cpu and +cu130 name builds of one version.
    assert version(name).split("+")[0] == locked()[name]


def test_lock_pins_exactly_and_names_no_host():
    assert not re.search(r"://|--index|--find-links|--extra-index|@ ", LOCK)
    assert all(re.fullmatch(r"[a-z0-9-]+==[^\s;]+( ; .+)?|#.*", line) for line in LOCK.splitlines())


def test_dev_extra_holds_the_study():
    assert f"{PROJECT['name']}[study]" in PROJECT["optional-dependencies"]["dev"]


def test_conda_takes_its_pins_from_the_lock():
    options = [entry for entry in conda_pip() if entry.startswith("-")]
    assert options == ["-c requirements.lock", "-e .[dev]"]


def test_conda_names_only_direct_dependencies_and_no_versions():
    named = {entry for entry in conda_pip() if not entry.startswith("-")}
    assert {"torch", "torchvision"} <= named  # resolved together, or their builds may not match
    assert named <= set(direct_requirements())


def test_conda_python_is_one_the_project_supports():
    python = next(e for e in conda() if isinstance(e, str) and e.startswith("python="))
    assert python.removeprefix("python=") in Requirement(f"p{PROJECT['requires-python']}").specifier


def test_citation_carries_the_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"] == version(PROJECT["name"])
    assert citation["license"] == PROJECT["license"]
    assert [r["doi"] for r in citation["references"]] == ["10.21203/rs.3.rs-4798789/v1"]
