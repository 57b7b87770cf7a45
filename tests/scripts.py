"""The scripts of tools/ and benchmarks/, which are no package, as modules that tests can call."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

TOOLS = Path(__file__).parents[1] / "tools"


@contextmanager
def imports_from(folder: Path) -> Iterator[None]:
    """A block in which a script's folder is searched first, as when the script runs.

    Its modules, whose names other scripts may have too, are forgotten before and after.
    """
    names = [path.stem for path in folder.glob("*.py")]
    sys.path.insert(0, str(folder))
    try:
        for name in names:
            sys.modules.pop(name, None)
        yield
    finally:
        sys.path.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)


def load_script(name: str) -> ModuleType:
    """A module made anew of tools/NAME.py; its `main` is not run."""
    spec = importlib.util.spec_from_file_location(f"tools_{name}", TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    with imports_from(TOOLS):
        spec.loader.exec_module(module)
    return module
