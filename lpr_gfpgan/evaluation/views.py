"""The tables of the page: what is shown of the long tables, wide, as texts, and with their n.

A view's n stands in its caption (`attrs["caption"]`); a figure of another n says so in its cell.
What the view shows, in words, is `attrs["title"]`, and `attrs["unfolded"]` is set where the page
must not fold it away.
"""

from collections.abc import Iterable

import pandas as pd

from .failures import RETRIED
from .judges import TEST, VALIDATION
from .measures import LOWER_IS_BETTER, READING_MEASURES, SHARES
from .methods import DEGRADED, DIRECT, DIRECT_READING, JUDGE
from .tables import POOLED, readable

CAPTION, TITLE, UNFOLDED = "caption", "title", "unfolded"
HEADLINE_MEASURE = "character_accuracy"
"""The measure of metrics/headline.json, whose table is never folded."""
READING = tuple(READING_MEASURES)
QUALITY = ("psnr_plate", "psnr_frame", "ssim_plate", "ssim_frame", "mse_plate", "mse_frame")
"""What the two halves of the page's tables of differences show."""
PAIRED = {"kid": "KID", "psnr_emphasis": "emphasis in decibels"}
"""The measures of the tables by pair, as their titles name them."""


def with_n(
    table: pd.DataFrame,
    *,
    index: Iterable[str],
    columns: str,
    title: str = "",
    unit: str = "plates",
) -> pd.DataFrame:
    """A wide table of texts as `tables.readable` makes it, with n.

    Args:
        table: a long table with n, estimate, low and high.
        index: the columns that name a line.
        columns: the column whose values become columns.
        title: what the table shows.
        unit: what n counts.

    Returns:
        A table of texts, of the lines that have an estimate; one that says so where none has. The
        caption names the most frequent n; where n differs, the cell has it.
    """
    index, table = list(index), table[table["estimate"].notna()]
    if table.empty:
        none = pd.DataFrame({"": ["no figure is defined"]}, index=[title])
        none.attrs |= {CAPTION: "undefined throughout", TITLE: title}
        return none
    wide = readable(table, index=index, columns=columns)
    counts = table.pivot(index=index, columns=columns, values="n").reindex_like(wide)
    counts = counts.where(wide != "")
    known = counts.stack()
    common = int(known.mode().iloc[0]) if len(known) else 0
    other = counts.notna() & (counts != common)
    shown = counts.map(lambda n: "" if pd.isna(n) else f" (n = {n:.0f})")
    wide = (wide + shown.where(other, "")).astype(object)
    if columns == "measure":
        wide = wide.rename(columns=measure_heading)
    unless = ", where a cell does not say otherwise" if other.to_numpy().any() else ""
    wide.attrs[CAPTION] = f"n = {common} {unit}{unless}; brackets: 95 % intervals"
    wide.attrs[TITLE] = title
    return wide


def measure_heading(measure: str) -> str:
    """A measure's name as a heading, with the direction where less is better."""
    words = measure.replace("_", " ")
    return f"{words} (lower is better)" if words.split()[0] in LOWER_IS_BETTER else words


def accuracy_view(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """One reading measure in per cent: methods down, conditions across.

    Every method is read by the judge; direct reading, the reader trained on degraded images, has a
    line of its own.

    Args:
        table: `accuracy` of `make_tables`.
        measure: one of `tables.READING_MEASURES`.
    """
    chosen = table[table["measure"] == measure]
    direct = chosen[(chosen["reader"] == DIRECT) & (chosen["method"] == DEGRADED)]
    judged = chosen[chosen["reader"] == JUDGE]
    view = with_n(
        pd.concat([judged, direct.assign(method=DIRECT_READING)]),
        index=["method"],
        columns="condition",
        title=f"{measure_heading(measure)}, %, by method and condition",
    )
    view.attrs[UNFOLDED] = measure == HEADLINE_MEASURE
    return view


def reader_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled reading measures of every method by both readers.

    Args:
        table: `accuracy` of `make_tables`.
    """
    pooled = table[table["condition"] == POOLED]
    return with_n(
        pooled,
        index=["method", "reader"],
        columns="measure",
        title="reading measures of both readers, %",
    )


def judging_view(table: pd.DataFrame) -> pd.DataFrame:
    """Each reader on each set of clean plates in per cent, n, and what follows from the set.

    Validation plates set the thresholds of those readers that read the test.

    Args:
        table: `readers` of `make_tables`.
    """
    index = ["reader", "set"]
    wide = readable(table, index=index, columns="measure")
    lines = table.drop_duplicates(index).set_index(index).loc[wide.index]
    wide.insert(0, "n", lines["n"])
    of_set, readers = lines.index.get_level_values("set"), lines.index.get_level_values("reader")
    tested = readers[(of_set == TEST) & (lines["n"] > 0)]
    ruled = {
        VALIDATION: pd.Series(readers.isin(tested), lines.index).map(
            {True: "sets thresholds only", False: "nothing: no reader of the test"}
        ),
        TEST: lines["may_judge"].map({True: "may judge", False: "may not judge"}),
    }
    words = pd.Series("", lines.index)
    for name, said in ruled.items():
        words = words.mask(of_set == name, said)
    wide["rules"] = words.mask(lines["n"] == 0, lines["interval"])
    wide.attrs[CAPTION] = "n counts the clean plates of the set; brackets: 95 % intervals"
    return wide.rename(columns=measure_heading)


def failure_view(*tables: pd.DataFrame) -> pd.DataFrame:
    """Where a method or reader failed: number and share of plates, in per cent, and batches.

    Args:
        tables: of `failures.failure_table`, such as `failures` of `make_tables`.

    Returns:
        One line per condition, method and reader with a failure of a plate or batch; none where
        nothing failed.
    """
    table = pd.concat(tables, ignore_index=True)
    shown = table[(table["failed"] > 0) | (table["retried"] > 0)]
    ends = [[f"{100 * v:.1f}" for v in shown[name]] for name in ("estimate", "low", "high")]
    view = pd.DataFrame(
        {
            "n": shown["n"],
            "failed": shown["failed"],
            "failed, % of plates": [
                f"{e} [{low}, {high}]" for e, low, high in zip(*ends, strict=True)
            ],
            "of these without an image": shown["no_image"],
            RETRIED: shown["retried"],
        }
    )
    view.index = pd.MultiIndex.from_frame(shown[["condition", "method", "reader"]])
    view.attrs[CAPTION] = "n counts plates; brackets: 95 % intervals"
    return view


def image_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled PSNR (decibels), SSIM and MSE (squared grey levels) of plate and frame.

    Args:
        table: `images` of `make_tables`.
    """
    chosen = table[(table["condition"] == POOLED) & table["measure"].isin(QUALITY)]
    return with_n(chosen, index=["method"], columns="measure", title="image quality by method")


def seen_view(table: pd.DataFrame) -> pd.DataFrame:
    """Character accuracy by the judge where typeface or surroundings were seen, or held out.

    Args:
        table: `seen` of `make_tables`.
    """
    chosen = table[(table["measure"] == "character_accuracy") & (table["reader"] == JUDGE)]
    return with_n(
        chosen,
        index=["method"],
        columns="group",
        title="character accuracy by what training saw, %",
    )


def position_view(table: pd.DataFrame) -> pd.DataFrame:
    """Characters read at each position in per cent; position 0 is all of them.

    Args:
        table: `positions` of `make_tables`.
    """
    title = "characters read at each position, %"
    view = with_n(table, index=["method"], columns="position", title=title)
    return view.rename(columns={0: "all"})


def difference_view(table: pd.DataFrame, measures: Iterable[str]) -> pd.DataFrame:
    """Pooled paired differences: percentage points, decibels for PSNR.

    Args:
        table: `differences` of `make_tables`.
        measures: READING or QUALITY, or others of `tables.MEASURES`.
    """
    chosen = table[(table["condition"] == POOLED) & table["measure"].isin(list(measures))]
    view = with_n(
        chosen, index=["first", "second"], columns="measure", title="paired differences, all pooled"
    )
    view.attrs[CAPTION] += ", bootstrap over plates"
    if chosen["measure"].isin(SHARES).any():
        view.attrs[CAPTION] += (
            "; tests of plates read within one condition are in tables/differences.csv: McNemar's "
            "exact p, by Holm's method over the conditions of one comparison and measure"
        )
    return view


def threshold_view(table: pd.DataFrame) -> pd.DataFrame:
    """Each reader's threshold and what it accepts of the clean validation plates, in per cent.

    Args:
        table: `thresholds` of `make_tables`.
    """
    named = table.assign(threshold=[f"{t:.4f}" for t in table["threshold"]])
    return with_n(
        named,
        index=["reader", "threshold"],
        columns="measure",
        title="thresholds and what they accept of clean plates",
    )


def false_read_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled shares of plates accepted, and accepted though wrong, in per cent.

    Args:
        table: `false_reads` of `make_tables`.
    """
    pooled = table[table["condition"] == POOLED]
    return with_n(
        pooled,
        index=["method", "reader"],
        columns="measure",
        title="accepted and falsely read plates, %",
    )


def calibration_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled figures of the confidences, times 100.

    Args:
        table: `calibration` of `make_tables`.
    """
    return with_n(
        table,
        index=["method", "reader"],
        columns="measure",
        title="figures of the confidences, times 100",
    )


def consistency_view(table: pd.DataFrame) -> pd.DataFrame:
    """Ratios of distances to the original's: methods down, conditions across.

    Args:
        table: `consistency` of `make_tables`.
    """
    return with_n(
        table,
        index=["method"],
        columns="condition",
        title="distance to what was seen, as a ratio to the original's",
    )


def ringing_view(table: pd.DataFrame) -> pd.DataFrame:
    """Ringing on the plate in grey levels: methods down, conditions across.

    Args:
        table: `images` of `make_tables`.
    """
    chosen = table[table["measure"] == "ringing_plate"]
    return with_n(
        chosen, index=["method"], columns="condition", title="ringing on the plate, grey levels"
    )


def kid_view(table: pd.DataFrame) -> pd.DataFrame:
    """KID of the originals and each method's images: methods down, conditions across.

    Args:
        table: `kid` of `make_tables`.
    """
    title = "KID by method and condition"
    view = with_n(table, index=["method"], columns="condition", title=title)
    view.attrs[CAPTION] += f"; in the features of the reader {JUDGE}"
    return view


def pair_view(table: pd.DataFrame) -> pd.DataFrame:
    """Differences of KID, or of emphasis in decibels: pairs down, conditions across.

    Args:
        table: `kid_differences` or `emphasis_differences` of `make_tables`.
    """
    of = ", ".join(PAIRED.get(name, name) for name in table["measure"].unique())
    title = f"differences of {of}, first less second"
    return with_n(table, index=["first", "second"], columns="condition", title=title)


def prior_view(table: pd.DataFrame) -> pd.DataFrame:
    """KID and readings of the prior's scenes and of plates cut out likewise; shares in per cent.

    Args:
        table: `prior` of `make_tables`.
    """
    view = with_n(
        table, index=["method"], columns="measure", title="the prior's scenes", unit="pictures"
    )
    view.attrs[CAPTION] += f"; in the features of the reader {JUDGE}, and as it reads them"
    return view


def emphasis_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled gains in PSNR on plate and surroundings, and their difference, in decibels.

    Args:
        table: `emphasis` of `make_tables`.
    """
    pooled = table[table["condition"] == POOLED]
    return with_n(
        pooled,
        index=["method"],
        columns="measure",
        title="gain in PSNR on the plate and around it, dB",
    )


def cell_view(cells: pd.DataFrame) -> pd.DataFrame:
    """How many conditions of each protocol there are, in the training's range, and left out.

    Args:
        cells: of `strengths.strength_table`, of both protocols.
    """
    marks = pd.DataFrame(
        {
            "protocol": cells["protocol"],
            "conditions": 1,
            "in the training's range": cells["in_training_range"].astype(int),
            "skipped, as the frame cannot show them": (cells["skipped"] != "").astype(int),
        }
    )
    return marks.groupby("protocol").sum()


def strength_view(cells: pd.DataFrame) -> pd.DataFrame:
    """The mean strength of each factor by protocol and level, published qualities as written.

    Args:
        cells: of `strengths.strength_table`, of both protocols.
    """
    names = {
        "sigma_px": "Gaussian sigma (px of the frame)",
        "motion_px": "motion (px of the frame)",
        "noise_sigma": "noise sigma (of 255)",
        "jpeg_quality": "JPEG quality",
    }
    means = cells[cells["level"].notna()].groupby(["protocol", "level"])[list(names)].mean()
    return means.rename(columns=names).map("{:.2f}".format)
