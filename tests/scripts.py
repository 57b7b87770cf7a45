"""The scripts of tools/, which are no package, as modules that tests can call."""

import importlib.util
from pathlib import Path
from types import ModuleType

TOOLS = Path(__file__).parents[1] / "tools"


def load_script(name: str) -> ModuleType:
    """A module made anew of tools/NAME.py; its `main` is not run."""
    spec = importlib.util.spec_from_file_location(f"tools_{name}", TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
