"""The page's tables carry their n, its links lead to files, and it can be traced."""

import dataclasses
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.config import Paths
from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    accuracy_table,
    difference_table,
    effect_views,
    environment,
    image_table,
    page,
    report,
    views,
)
from lpr_gfpgan.evaluation.ablations import ablation_table
from lpr_gfpgan.evaluation.contributions import adjusted_contributions
from lpr_gfpgan.evaluation.failures import RETRIED
from lpr_gfpgan.evaluation.gains import gain_table
from lpr_gfpgan.evaluation.grid import PROTOCOLS
from lpr_gfpgan.evaluation.grid_effects import protocol_table
from lpr_gfpgan.files import write_json, write_text

ROOT = Path(__file__).parents[2]
DRAWS = {"draws": 50, "seed": 0}


@pytest.fixture
def own(study, tmp_path):
    """The study with a folder of its own."""
    return dataclasses.replace(study, paths=Paths(tmp_path, "smoke"))


def long_table(n):
    return pd.DataFrame(
        {
            "method": ["a", "a", "b", "b"],
            "measure": ["psnr_plate", "mse_plate"] * 2,
            "n": n,
            "estimate": [20.0, 5.0, 21.0, np.nan],
            "low": [19.0, 4.0, 20.0, np.nan],
            "high": [21.0, 6.0, 22.0, np.nan],
        }
    )


def test_n_stands_in_the_caption_and_where_it_differs():
    same = views.with_n(long_table(300), index=["method"], columns="measure")
    assert same.attrs["caption"].startswith("n = 300 plates;")
    assert same.loc["a", "psnr plate"] == "20.00 [19.00, 21.00]"
    other = views.with_n(long_table([300, 300, 12, 0]), index=["method"], columns="measure")
    assert "where a cell does not say otherwise" in other.attrs["caption"]
    assert other.loc["b", "psnr plate"] == "21.00 [20.00, 22.00] (n = 12)"
    assert other.loc["b", "mse plate (lower is better)"] == ""


def test_every_view_of_rows_names_its_n(evaluation):
    accuracy = accuracy_table(evaluation.rows, **DRAWS)
    differences = difference_table(evaluation.rows, **DRAWS)
    shown = [
        views.accuracy_view(accuracy, "plate_accuracy"),
        views.reader_view(accuracy),
        views.image_view(image_table(evaluation.rows, **DRAWS)),
        views.difference_view(differences, views.READING),
        views.difference_view(differences, views.QUALITY),
    ]
    assert [view.shape[1] for view in shown] == [3, 4, 6, 4, 6]
    for view in shown:
        assert view.attrs["caption"].startswith("n = 6 plates") and view.attrs["title"]
        assert "<caption>n = 6 plates" in page.as_html(view)
    assert "McNemar's exact p, by Holm's method over the conditions" in shown[3].attrs["caption"]
    assert "McNemar" not in shown[4].attrs["caption"]
    direct = views.accuracy_view(accuracy, "plate_accuracy")
    assert "direct reading" in direct.index


def test_every_view_of_differences_names_its_n(make_grid_rows, grid_cells):
    def rule(row):
        return 3 + (row["variant"] == "full") + row["plate"] % 2

    corrected = grid_cells[grid_cells["protocol"] == "corrected"]
    methods = ("full", "no_motion_blur", "degraded")
    rows = make_grid_rows(rule, methods=methods, cells=corrected)
    both = make_grid_rows(rule, methods=("degraded",), cells=grid_cells)
    shown = [
        effect_views.gain_view(gain_table(rows, others=["degraded"], **DRAWS)),
        effect_views.contribution_view(adjusted_contributions(rows, **DRAWS)),
        effect_views.ablation_view(ablation_table(rows, corrected, **DRAWS)),
        effect_views.protocol_view(protocol_table(both, grid_cells, **DRAWS)),
    ]
    for view in shown:
        assert len(view) and (view["n"] == 6).all()
        assert view.attrs["title"] and "bootstrap over plates" in view.attrs["caption"]
        tested = "p: paired t test over plates" in view.attrs["caption"]
        assert tested is ("p (Holm)" in view)
    assert "by Holm's method over the lines of one measure" in shown[0].attrs["caption"]
    assert "by Holm's method over the variants" in shown[1].attrs["caption"]
    assert "by Holm's method over all lines of one measure" in shown[2].attrs["caption"]
    assert shown[0].index.names == ["full less", "measure"]
    places = shown[2].index.get_level_values("where")
    assert {"with motion blur (should act)", "without motion blur"} <= set(places)
    assert set(shown[3].index.get_level_values("condition")) >= {"all", "low resolution"}


def test_the_grid_is_counted(grid_cells):
    counted = views.cell_view(grid_cells)
    assert counted["conditions"].tolist() == [51, 51]
    strengths = views.strength_view(grid_cells)
    assert strengths.loc[("as_published", 3), "JPEG quality"] == "305.00"


def test_tables_have_no_styles_of_their_own():
    table = pd.DataFrame({"a<b": ["x"]}, index=pd.Index(["<y>"], name="k"))
    html = page.as_html(table)
    assert "<style" not in html and "border" not in html and "<caption>" not in html
    assert html.startswith('<div class="table"><table') and html.endswith("</table></div>")
    assert "&lt;y&gt;" in html


def test_words_may_wrap_but_no_interval():
    table = pd.DataFrame({"difference": ["+3.3 [+2.4, +4.1] points"]}, index=["[not a, place]"])
    html = page.as_html(table)
    assert "<td>+3.3 [+2.4,&nbsp;+4.1] points</td>" in html


@pytest.mark.parametrize(
    ("p", "text"),
    [(1e-115, "<0.0001"), (0.0001, "0.0001"), (0.0123, "0.012"), (1.0, "1"), (np.nan, "")],
)
def test_tiny_p_values_claim_no_digits(p, text):
    assert effect_views.p_text(p) == text


def test_long_tables_are_folded_and_the_first_ones_never(evaluation):
    table = pd.DataFrame({"a": range(page.LONG)})
    table.attrs |= {"title": "what <is> shown", "caption": "n = 5 plates"}
    short = page.as_html(table)
    assert "<details" not in short and "<caption>n = 5 plates</caption>" in short
    longer = pd.concat([table, table.iloc[:1]])
    longer.attrs = dict(table.attrs)
    rows = page.LONG + 1
    folded = page.as_html(longer)
    assert folded.startswith(
        "<details><summary>What &lt;is&gt; shown: n = 5 plates "
        f'({rows} rows)</summary><div class="table"><table'
    )
    assert folded.endswith("</table></div></details>") and "<caption>" not in folded
    longer.attrs = {}
    assert f"<summary>Table ({rows} rows)</summary>" in page.as_html(longer)
    longer.attrs["unfolded"] = True
    assert "<details" not in page.as_html(longer)
    accuracy = accuracy_table(evaluation.rows, **DRAWS)
    unfolded = {
        measure: views.accuracy_view(accuracy, measure).attrs["unfolded"]
        for measure in views.READING
    }
    assert [name for name, open_ in unfolded.items() if open_] == ["character_accuracy"]


def test_the_claims_are_never_folded():
    found = {"decides": True, "n": 6, "seeds": 1, "scope": "", "interval": "", "holm_p": 0.01}
    line = {"claim": "c", "verdict": "v", "evidence": "e", "measure": "kid", "finding": "better"}
    ends = {"estimate": -0.1, "low": -0.2, "high": -0.05}
    table = pd.DataFrame([{**line, **found, **ends}] * (page.LONG + 1))
    html = page.as_html(effect_views.claim_view(table))
    assert "<details" not in html and "p by Holm's method" in html and "paired t test" in html


def test_the_page_prints_what_is_folded_and_has_no_script():
    template = (ROOT / "notebooks" / "page" / "index.html.j2").read_text("utf-8")
    printed = template[template.index("@media print") :]
    assert re.search(r"details::details-content \{[^}]*content-visibility: visible", printed)
    assert "<script" not in template


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ([0], "each network trained once, the restorers and baselines with seed 0."),
        ([0, 4], "each restorer and baseline trained 2 times, with the seeds 0 and 4, every other"),
        ([0, 4, 7], "trained 3 times, with the seeds 0, 4 and 7, every other network once."),
    ],
)
def test_the_opening_says_how_often_networks_were_trained(own, seeds, words):
    assert words in report.opening(dataclasses.replace(own, seeds=seeds))


def test_pictures_are_linked_as_seen_from_the_notebook(own, tmp_path):
    path = own.paths.reports / "figures" / "risk.png"
    with pytest.raises(DataError, match="no picture"):
        page.picture(own, path, "risk")
    write_text(path, "")
    assert page.picture(own, path, "risk") == "![risk](../figures/risk.png)"
    link = re.search(r"\((.+)\)", page.picture(own, path, "risk")).group(1)
    assert (own.paths.reports / "notebooks" / link).resolve() == path.resolve()
    write_text(tmp_path / "elsewhere.png", "")
    with pytest.raises(DataError, match="cannot link"):
        page.picture(own, tmp_path / "elsewhere.png", "x")


def test_links_of_the_page_lead_to_its_figures(own):
    """An executed notebook through the page's own template; the page lies one folder higher."""
    nbformat = pytest.importorskip("nbformat")
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    write_text(own.paths.reports / "figures" / "risk.png", "")
    markdown = page.picture(own, own.paths.reports / "figures" / "risk.png", "risk")
    shown = nbformat.v4.new_output("display_data", data={"text/markdown": markdown})
    cell = nbformat.v4.new_code_cell("1", outputs=[shown])
    table = nbformat.v4.new_output(
        "display_data", data={"text/html": page.as_html(pd.DataFrame({"a": [1]}))}
    )
    book = nbformat.v4.new_notebook(
        cells=[cell, nbformat.v4.new_code_cell("2", outputs=[table])], metadata={"title": "t"}
    )
    options = Config(
        {
            "TemplateExporter": {
                "extra_template_basedirs": [str(ROOT / "notebooks")],
                "exclude_input": True,
            }
        }
    )
    html, _ = HTMLExporter(template_name="page", config=options).from_notebook_node(book)
    links = re.findall(r'<img[^>]*src="([^"]+)"', html)
    assert links == ["figures/risk.png"]
    assert all((own.paths.reports / link).is_file() for link in links)
    assert html.count("<style") == 1 and '<div class="table">' in html


def test_committed_pages_link_to_what_is_there():
    for made in ROOT.glob("reports/*/study.html"):
        html = made.read_text(encoding="utf-8")
        links = [s for s in re.findall(r'<img[^>]*src="([^"]+)"', html) if s[:5] != "data:"]
        assert all((made.parent / link).is_file() for link in links), made


def test_the_notebook_begins_with_the_claims_and_embeds_no_picture():
    cells = json.loads((ROOT / "notebooks" / "6_figures.ipynb").read_text("utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    shown = [s for s, cell in zip(sources, cells, strict=True) if cell["cell_type"] == "code"]
    assert "claim_view(claims)" in shown[2]  # after the parameters and the tables themselves
    assert not any("Image(" in source for source in sources)


def test_the_environment_names_versions_and_seeds(own):
    table = environment.environment_table(own)["value"]
    assert table["Python"].endswith(".".join(map(str, sys.version_info[:3])))
    assert table["numpy"] == np.__version__ and environment.NOT_INSTALLED not in set(table)
    assert table["training seeds of the restorers"] == "0"
    assert table["bootstrap resamples"] == "200" and table["CPU threads of a stage"] == "1"


def test_every_weight_that_the_study_names_has_its_hash_or_is_missing(own):
    own = dataclasses.replace(
        own, variants=["full", "fixed_region"], baselines=["plain_unet"], seeds=[0, 3]
    )
    names = [
        *("reader-loss", "reader-judge", "reader-direct"),
        *("prior", "prior-discriminator", "warmup"),
        *("restorer-full-0", "restorer-full-3", "restorer-fixed_region-0"),
        *("restorer-fixed_region-3", "baseline-plain_unet-0", "baseline-plain_unet-3"),
    ]
    expected = [f"models/smoke/{name}.safetensors" for name in names]
    table = environment.hash_table(own)["value"]
    assert list(table.index[3:]) == expected
    assert set(table[expected]) == {environment.MISSING}
    write_text(own.paths.restorer("full", 3), "weights")
    write_text(own.paths.restorer("no_longer_named", 0), "weights")
    table = environment.hash_table(own)["value"]
    assert list(table.index[3:]) == expected
    assert list(table.index[table == environment.MISSING]) == [
        "data/synthetic/smoke/manifest.json",
        *(name for name in expected if not name.endswith("full-3.safetensors")),
    ]


def test_the_sets_of_the_grid_are_listed_folded(own):
    for protocol in PROTOCOLS:
        hashes = {"set_sha256": "ab" * 32, "pixels_sha256": "cd" * 32}
        sets = {f"{protocol}/{n:02}": hashes for n in range(13)}
        write_json(own.paths.metrics(f"grid-{protocol}"), {"sets": sets})
    table = report.grid_set_view(own)
    assert list(table.index[[0, -1]]) == ["as_published/00", "corrected/12"]
    assert (table["set_sha256"] == "ab" * 8).all() and (table["pixels_sha256"] == "cd" * 8).all()
    html = page.as_html(table)
    assert html.startswith("<details><summary>The sets of the grid (26 rows)</summary><div")
    assert html.endswith("</table></div></details>")
    own.paths.metrics("grid-corrected").unlink()
    with pytest.raises(DataError, match=r"grid-corrected\.json; run `make reproduce` first"):
        report.grid_set_view(own)


def test_failures_are_a_table_where_there_are_any():
    lines = pd.DataFrame(
        {
            "condition": ["light", "light", "strong"],
            "method": ["full", "bicubic", "bicubic"],
            "reader": "judge",
            "n": 200,
            "estimate": [0.01, 0.0, 0.0],
            "low": [0.002, 0.0, 0.0],
            "high": [0.036, 0.02, 0.02],
            "failed": [2, 0, 0],
            "no_image": [1, 0, 0],
            "retried": [0, 0, 64],
        }
    )
    fine = lines.iloc[[1]]
    assert views.failure_view(fine, fine).empty
    view = views.failure_view(fine, lines)
    assert list(view.index) == [("light", "full", "judge"), ("strong", "bicubic", "judge")]
    assert view["failed, % of plates"].tolist() == ["1.0 [0.2, 3.6]", "0.0 [0.0, 2.0]"]
    assert view["of these without an image"].tolist() == [1, 0]
    assert view[RETRIED].tolist() == [0, 64]


def test_hashes_follow_content_and_repeat(own, tmp_path):
    weights = own.paths.models / "prior.safetensors"
    write_text(weights, "weights")
    write_text(own.paths.plates / "manifest.json", "{}")
    first = environment.hash_table(own)["value"]
    pd.testing.assert_series_equal(first, environment.hash_table(own)["value"])
    assert first["data/synthetic/smoke/manifest.json"] == (
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    write_text(weights, "others")
    changed = environment.hash_table(own)["value"]
    assert list(first.index[first != changed]) == ["models/smoke/prior.safetensors"]


def test_the_source_hash_sees_names_and_contents_of_what_decides_figures(tmp_path):
    code = tmp_path / "plates" / "a.py"
    write_text(code, "1\n")
    write_text(tmp_path / "ranges.py", "1\n")
    first = environment.source_hash(tmp_path)
    write_text(tmp_path / "plates" / "notes.txt", "no code")
    write_text(tmp_path / "cli.py", "decides nothing")
    assert environment.source_hash(tmp_path) == first
    for path in (code, tmp_path / "ranges.py"):
        write_text(path, "2\n")
        assert environment.source_hash(tmp_path) != first
        write_text(path, "1\n")
    assert environment.source_hash(tmp_path) == first
    code.rename(code.with_name("b.py"))
    assert environment.source_hash(tmp_path) != first


def test_every_room_that_decides_figures_is_in_the_hash():
    for place in environment.DECIDES:
        assert (environment.PACKAGE / place).exists(), place


def test_the_settings_hash_follows_the_settings_alone(study):
    first = environment.settings_hash(study)
    moved = dataclasses.replace(study, paths=dataclasses.replace(study.paths, output=Path("/else")))
    assert environment.settings_hash(moved) == first
    stronger = dataclasses.replace(study.classical, unsharp_amount=2.5)
    assert environment.settings_hash(dataclasses.replace(study, classical=stronger)) != first
    assert environment.settings_hash(dataclasses.replace(study, seeds=[5])) != first
