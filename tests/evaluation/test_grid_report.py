"""Which protocol's rows each table of the grid is made from, and which files they become."""

import dataclasses

import pandas as pd
import pytest

from lpr_gfpgan.config import Paths
from lpr_gfpgan.evaluation import grid_report, report
from lpr_gfpgan.evaluation.grid import AS_PUBLISHED, CORRECTED
from lpr_gfpgan.evaluation.grid_run import grid_rows_path
from lpr_gfpgan.evaluation.rows import COLUMNS, read_rows, write_table

METHODS = (
    *("degraded", "bicubic", "full", "face_recipe", "no_motion_blur", "fixed_region"),
    "no_recognition_loss",
)
RIGHT = {AS_PUBLISHED: 3, CORRECTED: 5}
"""Characters read of the degraded image of even plates, by protocol."""


def rule(row):
    """In the corrected protocol `full` gains a character, in the published one it loses one."""
    change = (row["variant"] == "full") * (1 if row["protocol"] == CORRECTED else -1)
    return RIGHT[row["protocol"]] + change - row["plate"] % 2


@pytest.fixture(scope="module")
def made(study, make_grid_rows, grid_cells, tmp_path_factory):
    """A study of both protocols, its tables and its figures."""
    paths = Paths(tmp_path_factory.mktemp("grid"), "smoke")
    own = dataclasses.replace(study, paths=paths)
    for protocol in (AS_PUBLISHED, CORRECTED):
        cells = grid_cells[grid_cells["protocol"] == protocol]
        methods = METHODS[:4] if protocol == AS_PUBLISHED else METHODS
        rows = make_grid_rows(rule, methods=methods, readers=("judge", "direct"), cells=cells)
        write_table(grid_rows_path(own, protocol), rows[list(COLUMNS)])
    tables = grid_report.make_grid_tables(own, others=["degraded", "bicubic"])
    return own, tables, grid_report.make_grid_figures(own, tables)


def pooled(table, **wanted):
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table)
    return table["estimate"]


def test_gains_and_ablations_are_of_the_corrected_protocol(made):
    _, tables, _ = made
    gains = pooled(tables["gains"], measure="character_accuracy", second="degraded")
    assert gains.tolist() == pytest.approx([1 / 7] * len(gains), abs=1e-5)
    effects = tables["ablations"]
    effects = effects[effects["measure"] == "character_accuracy"]
    assert set(effects["protocol"]) == {CORRECTED}
    assert effects["estimate"].tolist() == pytest.approx([1 / 7] * len(effects), abs=1e-5)


def test_the_grid_holds_each_protocol_with_its_own_rows(made):
    _, tables, _ = made
    grid = tables["grid"]
    grid = grid[(grid["measure"] == "character_accuracy") & (grid["reader"] == "judge")]
    for protocol, right in RIGHT.items():
        own = grid[grid["protocol"] == protocol]
        degraded = pooled(own, method="degraded")
        assert degraded.tolist() == pytest.approx([(right - 0.5) / 7] * len(degraded), abs=1e-5)
    assert "no_motion_blur" not in set(grid[grid["protocol"] == AS_PUBLISHED]["method"])


def test_the_protocols_are_compared_published_less_corrected(made):
    _, tables, _ = made
    table = tables["protocols"]
    table = table[(table["measure"] == "character_accuracy") & (table["reader"] == "judge")]
    assert table["as_published"].tolist() == pytest.approx([2.5 / 7] * len(table), abs=1e-5)
    assert table["corrected"].tolist() == pytest.approx([4.5 / 7] * len(table), abs=1e-5)
    assert table["estimate"].tolist() == pytest.approx([-2 / 7] * len(table), abs=1e-5)


def test_failures_of_both_protocols_are_counted(made):
    own, _, _ = made
    path = grid_rows_path(own, AS_PUBLISHED)
    rows = read_rows(path)
    one = rows.index[rows["method"] == "full"][0]
    failed = rows.astype({"failure": object})
    failed.loc[one, "failure"] = "judge: out of memory"
    write_table(path, failed)
    try:
        tables = grid_report.make_grid_tables(own, others=["degraded"])
    finally:
        write_table(path, rows)
    table = tables["failures"]
    hit = table[table["failed"] > 0]
    assert hit["method"].tolist() == ["full"]
    assert hit["condition"].str.startswith(AS_PUBLISHED).all()


def test_every_table_and_figure_is_a_file_of_its_name(made):
    own, tables, figures = made
    files = {p.name for p in (own.paths.reports / "tables").glob("*")}
    assert files == {f"grid-{name}.csv.gz" for name in tables}
    assert set(figures) == {
        *("strengths", "low-resolution", "combinations", "published", "factors", "protocols"),
        "ablations",
    }
    for name, path in figures.items():
        assert path.name == f"grid-{name}.png" and path.stat().st_size > 10_000


def test_the_claims_are_written_as_they_are_returned(made):
    own, _, _ = made
    line = {"second": "degraded", "measure": "character_accuracy", "n": 6, "seeds": 1}
    line |= {"estimate": 0.1, "low": 0.05, "high": 0.2, "scope": "this checkpoint", "holm_p": 0.01}
    gains = pd.DataFrame([line | {"first": "full", "interval": "bootstrap"}])
    tables = {
        "readers": pd.DataFrame({"reader": ["judge"], "may_judge": [True]}),
        "gains": gains,
        "contributions": gains.iloc[:0],
    }
    grid = {
        "gains": gains.assign(where="alone", factor="motion", cells=3),
        "ablations": gains.iloc[:0].assign(protocol="", where=""),
    }
    made = report.make_claims(own, tables, grid)
    stored = pd.read_csv(own.paths.reports / "tables" / "claims.csv")
    assert stored["verdict"].tolist() == made["verdict"].tolist()
    assert stored["finding"].tolist() == made["finding"].tolist()
    assert (own.paths.reports / "tables" / "claims.csv").is_file()
    (own.paths.reports / "tables" / "claims.csv").unlink()
