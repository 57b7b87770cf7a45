"""Figures of the confidences show what their tables say, and name n and intervals."""

import cv2
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color, to_rgba

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    false_read_table,
    reliability_table,
    risk_coverage_table,
)
from lpr_gfpgan.evaluation.confidence_figures import (
    false_read_figure,
    reliability_figure,
    risk_coverage_figure,
)
from lpr_gfpgan.evaluation.figure_style import save
from lpr_gfpgan.evaluation.method_style import STYLES
from lpr_gfpgan.metrics import wilson

DRAWS = {"draws": 60, "seed": 0}
TRUTH, OTHER = "皖A12345", "皖A12346"


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    lines = []
    for condition in ("light", "strong"):
        for method in ("original", "degraded", "full"):
            for reader in ("judge", "direct"):
                for plate in range(30):
                    confidence = rng.uniform(0.05, 1)
                    right = rng.random() < confidence * (0.9 if method == "full" else 0.6)
                    lines.append(
                        {
                            "condition": condition,
                            "method": method,
                            "reader": reader,
                            "plate": plate,
                            "text": TRUTH,
                            "reading": TRUTH if right else OTHER,
                            "confidence": confidence,
                            "exact": int(right),
                        }
                    )
    return pd.DataFrame(lines)


@pytest.fixture(scope="module")
def tables(rows):
    return {
        "risk": risk_coverage_table(rows, **DRAWS),
        "reliability": reliability_table(rows[rows["condition"] == "light"], **DRAWS, bins=4),
        "false reads": false_read_table(rows, {"judge": 0.7, "direct": 0.7}, **DRAWS),
    }


def draw(tables):
    return {
        "risk": risk_coverage_figure(tables["risk"]),
        "reliability": reliability_figure(tables["reliability"]),
        "false reads": false_read_figure(tables["false reads"], readers=("judge", "direct")),
    }


@pytest.fixture(scope="module")
def drawn(tables):
    return draw(tables)


def said(figure):
    parts = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    parts += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return " ".join(parts)


def test_saved_bytes_repeat_and_nothing_is_cut_off(tables, tmp_path):
    for name, figure in draw(tables).items():
        path = save(figure, tmp_path / f"{name}.png")
        again = save(draw(tables)[name], tmp_path / "again.png")
        assert path.read_bytes() == again.read_bytes()
        picture = cv2.imread(str(path))
        assert picture.shape[1] == 1104 and 0.02 < (picture < 250).any(axis=2).mean() < 0.9
        border = np.concatenate([picture[[0, -1]].ravel(), picture[:, [0, -1]].ravel()])
        assert border.min() == 255


def test_figures_state_n_where_and_their_intervals(drawn):
    assert "all conditions pooled; read by judge" in said(drawn["risk"])
    assert "n = 30 plates; 95 % intervals: bootstrap over plates" in said(drawn["risk"])
    assert "condition light; read by judge; direct reading: reader direct on the degraded" in said(
        drawn["reliability"]
    )
    assert "judge; direct reading: reader direct on the degraded image" in said(drawn["risk"])
    assert "plates in each bin; 95 % intervals: Wilson" in said(drawn["reliability"])
    assert "bootstrap" not in said(drawn["reliability"])
    assert "n = 30 plates; 95 % intervals: bootstrap over plates" in said(drawn["false reads"])


def test_risk_curves_are_those_of_the_table(drawn, tables):
    (axes,) = drawn["risk"].axes
    own = tables["risk"]
    own = own[(own["method"] == "full") & (own["reader"] == "judge")]
    (curve,) = [
        line
        for line in axes.lines
        if same_color(line.get_color(), STYLES["full"][0])
        and len(line.get_xdata()) > 2
        and line.get_linestyle() == "-"
    ]
    assert curve.get_ydata() == pytest.approx(100 * own["estimate"].to_numpy())
    assert curve.get_xdata() == pytest.approx(100 * own["coverage"].to_numpy(), abs=1)
    names = [text.get_text() for text in drawn["risk"].legends[0].get_texts()]
    assert names == ["original", "degraded", "full", "direct reading"]


def test_reliability_bars_are_wilsons(drawn, tables, rows):
    panel = drawn["reliability"].axes[2]
    assert panel.get_title() == "full\n30 readings"
    bars = [c for c in panel.collections if same_color(c.get_color()[0], STYLES["full"][0])]
    segments = sorted(tuple(map(tuple, s)) for s in bars[0].get_segments())
    own = rows[(rows["method"] == "full") & (rows["reader"] == "judge")]
    own = own[own["condition"] == "light"].sort_values("confidence")
    assert len(segments) == 4
    start = 0
    for (below, above), line in zip(
        segments,
        tables["reliability"].query("method == 'full' and reader == 'judge'").itertuples(),
        strict=True,
    ):
        inside = own[start : start + line.readings]
        start += line.readings
        ends = wilson(int(inside["exact"].sum()), len(inside))
        assert below[1] == pytest.approx(100 * ends.low) and above[1] == pytest.approx(
            100 * ends.high
        )
        assert below[0] == pytest.approx(100 * inside["confidence"].mean())
    assert start == 30


def test_false_reads_are_drawn_within_what_is_accepted(drawn, tables):
    for axes, reader in zip(drawn["false reads"].axes, ("judge", "direct"), strict=True):
        assert axes.get_title() == f"read by {reader}"
        own = tables["false reads"].query("condition == 'all' and reader == @reader")
        bars = [c for c in axes.containers if hasattr(c, "patches")]
        widths = [[bar.get_width() for bar in c.patches] for c in bars]
        for found, measure in zip(widths, ("accepted", "false_reads"), strict=True):
            known = own[own["measure"] == measure]["estimate"].to_numpy()
            assert found == pytest.approx(100 * known) and len(found) == 3
        assert all(wrong <= taken for taken, wrong in zip(*widths, strict=True))
        assert min(widths[1]) > 0


def test_what_a_reliability_diagram_shows_is_in_its_legend(drawn):
    (legend,) = drawn["reliability"].legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == [
        "share that is right, with its interval",
        "least to greatest confidence in the bin",
        "confidence equals the share that is right",
    ]
    point, span, diagonal = legend.get_lines()
    panel = drawn["reliability"].axes[0]
    grey = [c for c in panel.collections if same_color(c.get_color()[0], span.get_color())]
    assert len(grey) == 1 and grey[0].get_linewidth()[0] == span.get_linewidth()
    dotted = [line for line in panel.lines if line.get_linestyle() == diagonal.get_linestyle()]
    assert list(dotted[0].get_xdata()) == list(dotted[0].get_ydata()) == [0, 100]
    assert point.get_marker() == "o"


def test_false_reads_have_one_axis_and_the_methods_colours(drawn):
    left, right = drawn["false reads"].axes
    assert left.get_xlim() == right.get_xlim()
    assert all(bar.get_x() + bar.get_width() <= left.get_xlim()[1] for bar in left.patches)
    accepted, wrong = [c for c in left.containers if hasattr(c, "patches")]
    for method, pale, strong in zip(("original", "degraded", "full"), accepted, wrong, strict=True):
        assert strong.get_facecolor() == to_rgba(STYLES[method][0])
        assert pale.get_facecolor()[:3] == strong.get_facecolor()[:3]
        assert pale.get_alpha() is None and pale.get_facecolor()[3] < 0.5
    bold = [label.get_text() for label in left.get_yticklabels() if label.get_weight() == "bold"]
    assert bold == ["full"]


def test_one_condition_and_a_choice_of_methods(tables):
    figure = false_read_figure(tables["false reads"], condition="strong")
    assert "condition strong; n = 30 plates; 95 % intervals: Wilson" in said(figure)
    figure = risk_coverage_figure(tables["risk"], methods=["full", "direct reading"])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["full", "direct reading"]
    figure = reliability_figure(tables["reliability"], methods=["full"])
    assert sum(axes.get_visible() for axes in figure.axes) == 1


def test_what_cannot_be_drawn(tables):
    with pytest.raises(DataError, match="no confidences of 'lanczos' read by 'judge'"):
        risk_coverage_figure(tables["risk"], methods=["lanczos"])
    with pytest.raises(DataError, match="no confidences of 'full' read by 'hyperlpr'"):
        reliability_figure(tables["reliability"], reader="hyperlpr", methods=["full"])
    with pytest.raises(DataError, match="no confidences of 'degraded'"):
        reliability_figure(tables["reliability"][:0])
    with pytest.raises(DataError, match="no false reads of 'loss' under 'all'"):
        false_read_figure(tables["false reads"], readers=("judge", "loss"))
    with pytest.raises(DataError, match="no false reads of 'judge' under 'medium'"):
        false_read_figure(tables["false reads"], condition="medium")
