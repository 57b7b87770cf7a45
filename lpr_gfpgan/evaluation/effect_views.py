"""The page's tables of differences: claims, gains, contributions, what the published defects do."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from .grid import CORRECTED
from .lines import POOLED
from .measures import NUMBERS, READING_MEASURES
from .methods import FULL
from .views import CAPTION, TITLE, UNFOLDED, measure_heading

UNITS = {"psnr": "dB", "ringing": "grey levels", "mse": "squared grey levels"}
"""Units of measures, by the first word of their name; shares are in percentage points."""
HOLM = "p (Holm)"
LEAST_P = 0.0001
"""Below it a p-value rests on the far tail of a distribution that only nears the truth."""
HEADINGS = {"second": f"{FULL} less"}
SHOWN = ("character_accuracy", "plate_accuracy_without_province", "psnr_plate")


def signed(line: Mapping[str, Any], *, unit: bool = True) -> str:
    """A difference as text, such as "+3.3 [+2.4, +4.1] points".

    Args:
        line: with measure, estimate, low and high; NaN where undefined.
        unit: whether to name the unit.
    """
    if np.isnan(line["estimate"]):
        return ""
    word = str(line["measure"]).split("_")[0]
    scale, digits = NUMBERS.get(word, (100, 1))
    values = [f"{line[key] * scale:+.{digits}f}" for key in ("estimate", "low", "high")]
    text = values[0] if np.isnan(line["low"]) else f"{values[0]} [{values[1]}, {values[2]}]"
    name = UNITS.get(word, "points" if line["measure"] in READING_MEASURES else "")
    return f"{text} {name}".rstrip() if unit else text


def p_text(p: float) -> str:
    """A p-value with two digits, or that it is below LEAST_P; empty where there is none."""
    if np.isnan(p):
        return ""
    return f"<{LEAST_P}" if p < LEAST_P else f"{p:.2g}"


def claim_view(table: pd.DataFrame) -> pd.DataFrame:
    """The page's first table: claim and verdict, then each piece of evidence with its figure.

    Args:
        table: of `claims.claim_table`.
    """
    shown = pd.DataFrame(
        {
            "claim": table["claim"],
            "verdict": table["verdict"],
            "evidence": table["evidence"],
            "measure": table["measure"].map(measure_heading),
            "difference [95 % interval]": [signed(line) for line in table.to_dict("records")],
            HOLM: table["holm_p"].map(p_text),
            "n": [str(n) if n else "" for n in table["n"]],
            "holds for": table["scope"],
            "finding": [
                found if decides else f"{found} (beside)"
                for found, decides in zip(table["finding"], table["decides"], strict=True)
            ],
        }
    ).set_index(["claim", "verdict", "evidence"])
    shown.attrs[CAPTION] = (
        "n counts plates; brackets: bootstrap over plates (over training seeds too where there are "
        "several); p by Holm's method over a family of tests: reading and ringing on the test over "
        "the lines of one measure under Differences, KID and emphasis over all pairs with full, "
        "the grid over all factors and rivals or, under Contributions, all lines of one measure "
        "(paired t test; for KID and emphasis of the jackknife's values of each plate); a line "
        "marked (beside) has no vote in the verdict"
    )
    shown.attrs[UNFOLDED] = True
    return shown


def gain_view(table: pd.DataFrame) -> pd.DataFrame:
    """The full model less each other method over training seeds and plates, or by factor.

    Args:
        table: of `gains.gain_table`, `gains.factor_gain_table` or `grid_gains.grid_gain_table`.
    """
    index = [name for name in ("where", "factor", "cells", "second") if name in table]
    by_factor = "factor" in table
    return _effects(
        table,
        index=[*index, "measure"],
        title=f"gains of {FULL} {'by factor' if by_factor else 'over other methods'}",
        family="all factors and rivals of such cells"
        if by_factor
        else "the lines of one measure in this table",
    )


def contribution_view(table: pd.DataFrame) -> pd.DataFrame:
    """Each contribution on the test: the full model less the variant without it.

    Args:
        table: of `contributions.adjusted_contributions`.
    """
    return _effects(
        table[table["measure"].isin(SHOWN)],
        index=["second", "measure"],
        title="contributions on the test",
        family="the variants, each measure apart",
    )


def ablation_view(table: pd.DataFrame) -> pd.DataFrame:
    """Each contribution over the corrected grid, overall and where it should act.

    Args:
        table: of `ablations.ablation_table`.
    """
    chosen = table[(table["protocol"] == CORRECTED) & table["measure"].isin(SHOWN)]
    acts = chosen["where"].where(~chosen["acts"], chosen["where"] + " (should act)")
    named = chosen.assign(where=acts)
    return _effects(
        named,
        index=["contribution", "second", "measure", "where", "cells"],
        title="contributions over the corrected grid",
        family="all lines of one measure in this table",
    )


def protocol_view(table: pd.DataFrame) -> pd.DataFrame:
    """What the published protocol changes in the degraded image's reading, pooled over levels.

    Args:
        table: of `grid_effects.protocol_table`.
    """
    pooled = table["condition"].str.split("/").str[0] == POOLED
    chosen = table[pooled & (table["measure"] == "character_accuracy")]
    chosen = chosen.assign(
        condition=chosen["condition"].str.removeprefix(f"{POOLED}/").str.replace("_", " ")
    )
    both = {
        name: [f"{100 * v:.1f}" for v in chosen[name]] for name in ("as_published", "corrected")
    }
    shown = _effects(
        chosen.assign(**both),
        index=["condition", "defects", "cells", "reader", *both],
        title="what the published protocol changes, character accuracy",
        family="",  # it has no p-values
    )
    return shown.reset_index(["reader", *both])


def _effects(table: pd.DataFrame, *, index: list[str], title: str, family: str) -> pd.DataFrame:
    """One line per difference, with its unit, n, training seeds, p-value and finding.

    The caption names what the intervals resample and, where p-values are shown, their test and
    `family`, over which they are adjusted.
    """
    columns: dict[str, Any] = {name: table[name].to_numpy() for name in index}
    if "measure" in columns:
        columns["measure"] = table["measure"].map(measure_heading).to_numpy()
    columns["difference [95 % interval]"] = [signed(line) for line in table.to_dict("records")]
    columns["n"] = table["n"].to_numpy()
    if "seeds" in table:
        columns["training seeds"] = table["seeds"].to_numpy()
        columns["holds for"] = table["scope"].to_numpy()
    if "holm_p" in table and table["holm_p"].notna().any():
        columns[HOLM] = table["holm_p"].map(p_text).to_numpy()
    if "finding" in table:
        columns["finding"] = table["finding"].to_numpy()
    shown = pd.DataFrame(columns).set_index(index)
    shown.index = shown.index.set_names([HEADINGS.get(name, name) for name in index])
    several = "seeds" in table and (table["seeds"] > 1).any()
    over = "training seeds and plates" if several else "plates"
    shown.attrs[TITLE] = title
    shown.attrs[CAPTION] = f"n counts plates; brackets: bootstrap over {over}"
    if HOLM in shown:
        shown.attrs[CAPTION] += (
            f"; p: paired t test over {over} (sign test where all differ alike), by Holm's method "
            f"over {family}"
        )
    return shown
