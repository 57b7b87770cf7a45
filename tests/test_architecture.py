"""The data flows one way: a module imports only from the rooms before its own."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lpr_gfpgan"
ORDER = [
    "errors",
    "alone",
    "files",
    "randomness",
    "ranges",
    "settings",
    "config",
    "plates",
    "degradations",
    "networks",
    "readers",
    "losses",
    "metrics",
    "training",
    "trust",
    "restore",
    "export",
    "evaluation",
    "explore",
    "cli",
]
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.stem != "__init__")


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(path):
    """Rooms of this package that a module imports from, wherever the import stands."""
    inside = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level == 0:
            continue
        above = inside[: len(inside) - (node.level - 1)]
        names = [node.module.split(".")[0]] if node.module else [a.name for a in node.names]
        yield from ([above[0]] if above else names)


def test_every_room_has_its_place():
    assert {room_of(p) for p in MODULES} <= set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_come_from_the_left(path):
    own = ORDER.index(room_of(path))
    for room in imported_rooms(path):
        assert ORDER.index(room) <= own, f"{path.name} imports from {room}"
