"""The scripts of tools/, which are no package, as modules that tests can call."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

TOOLS = Path(__file__).parents[1] / "tools"


def load_script(name: str) -> ModuleType:
    """A module made anew of tools/NAME.py; its `main` is not run.

    Its folder is searched first, as when the script runs. Its modules, whose names others may have
    too, are forgotten before and after.
    """
    spec = importlib.util.spec_from_file_location(f"tools_{name}", TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    beside = [path.stem for path in TOOLS.glob("*.py")]
    sys.path.insert(0, str(TOOLS))
    try:
        for other in beside:
            sys.modules.pop(other, None)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(TOOLS))
        for other in beside:
            sys.modules.pop(other, None)
    return module
