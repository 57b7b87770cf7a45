"""README.md, `make help` and the Makefile name the same targets."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
README = (ROOT / "README.md").read_text()
TARGETS = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, flags=re.MULTILINE))


def test_readme_and_makefile_name_the_same_targets():
    assert set(re.findall(r"`make ([a-z]+)", README)) == TARGETS


def test_every_target_is_phony_and_described():
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, flags=re.MULTILINE).group(1).split()
    assert set(phony) == TARGETS


def test_readme_steps_without_make_are_those_of_the_makefile():
    steps = re.findall(r"^uv pip install (.+)$", README, flags=re.MULTILINE)
    line = r"uv pip install --quiet --python \$\(BIN\)/python (.+)$"
    made = re.findall(line, MAKEFILE, flags=re.MULTILINE)
    assert steps and steps == made


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_help_lists_every_target():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make ([a-z]+) ", done.stdout, flags=re.MULTILINE)) == TARGETS
