"""The curves of cost as one figure."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

from lpr_gfpgan.evaluation.figure_style import WIDTH

LABELS = {
    "pixels": "pixels of one image",
    "batch": "images in a batch",
    "plates": "plates in a list",
}


def drawn(curves: dict[str, list[dict[str, Any]]]) -> Figure:
    """One panel a curve, both axes logarithmic: slope 1 is a cost in proportion."""
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    panels = figure.subplots(1, len(curves))
    for axes, (name, lines) in zip(panels, curves.items(), strict=True):
        for what in dict.fromkeys(line["what"] for line in lines):
            points = [(line["x"], 1000 * line["seconds"]) for line in lines if line["what"] == what]
            axes.loglog(*zip(*points, strict=True), marker="o", label=what)
        axes.set_xlabel(LABELS[name])
        places = sorted({line["x"] for line in lines})
        axes.set_xticks(places, [f"{x:,}" if x < 1000 else f"{x / 1000:.0f} k" for x in places])
        axes.minorticks_off()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.legend()
        axes.grid(visible=True, alpha=0.3)
    panels[0].set_ylabel("milliseconds an image")
    return figure
