"""The tables of the notebook on photographed plates: short ones for all sources, long ones folded.

A long table becomes texts with n as the study's own page shows them, see `views` and `page`.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from .failures import failure_note
from .lines import POOLED
from .methods import DIRECT
from .real_tables import GAINED, LOST, judges_everywhere
from .views import CAPTION, TITLE, UNFOLDED, with_n

OVERALL = "all sources"


def overall_view(
    table: pd.DataFrame, measure: str, *, title: str, readers: Sequence[str] = ()
) -> pd.DataFrame:
    """One measure over all sources: methods down, conditions across; never folded.

    Args:
        table: a long table of `real_report.make_real_tables` with methods.
        measure: one of its measures.
        title: what the table shows.
        readers: who is to be listed; all when not given.
    """
    own = table[(table["source"] == POOLED) & (table["measure"] == measure)]
    own = own[own["reader"].isin(readers)] if readers else own
    view = with_n(own, index=_names(own), columns="condition", title=f"{title}, {OVERALL}")
    view.attrs[CAPTION] = f"{view.attrs[TITLE]}: {view.attrs[CAPTION]}"
    view.attrs[UNFOLDED] = True
    return view


def source_view(table: pd.DataFrame, measure: str, *, title: str) -> pd.DataFrame:
    """The same for each source apart, every reader listed.

    Args:
        table: as in `overall_view`.
        measure: one of its measures.
        title: what the table shows.
    """
    own = table[(table["source"] != POOLED) & (table["measure"] == measure)]
    index = ["source", *_names(own)]
    return with_n(own, index=index, columns="condition", title=f"{title}, by source")


def difference_view(table: pd.DataFrame, measure: str, *, reader: str, title: str) -> pd.DataFrame:
    """Paired differences by one reader over all sources, with Holm's p where tested; never folded.

    Args:
        table: `differences` of `make_real_tables`.
        measure: one of its measures.
        reader: who reads both sides, but for direct reading.
        title: what the table shows.
    """
    own = table[table["reader"] == reader]
    own = own.assign(method=own["first"] + " less " + own["second"])
    view = overall_view(own, measure, title=f"{title}, read by {reader}")
    shown = own[(own["source"] == POOLED) & (own["measure"] == measure)]
    return _with_p(view, shown, index=["method"])


def source_difference_view(table: pd.DataFrame, measure: str, *, title: str) -> pd.DataFrame:
    """The same for each source apart, every reader listed.

    Args:
        table: as in `difference_view`.
        measure: one of its measures.
        title: what the table shows.
    """
    own = table[(table["source"] != POOLED) & (table["measure"] == measure)]
    index = ["source", "reader", "first", "second"]
    view = with_n(own, index=index, columns="condition", title=f"{title}, by source")
    return _with_p(view, own, index=index)


def guess_view(guesses: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """What the majority guess reaches in each source, in per cent, with n.

    Args:
        guesses: of `real_tables.majority_guess`.
    """
    lines = [
        {"source": source, "measure": measure, **figure}
        for source, measures in guesses.items()
        for measure, figure in measures.items()
    ]
    return with_n(
        pd.DataFrame(lines), index=["source"], columns="measure", title="majority guess, %"
    )


def threshold_view(table: pd.DataFrame) -> pd.DataFrame:
    """Each reader's threshold, what it was set on, and what it accepts there, in per cent.

    Args:
        table: `thresholds` of `make_real_tables`.
    """
    named = table.assign(threshold=[f"{t:.4f}" for t in table["threshold"]])
    return with_n(
        named,
        index=["reader", "set_on", "threshold"],
        columns="measure",
        title="thresholds and what they accept of the plates that they are set on",
    )


def change_view(table: pd.DataFrame, *, pooled: bool, readers: Sequence[str] = ()) -> pd.DataFrame:
    """Plates gained and lost: numbers, per cent of all plates, and McNemar's p.

    Args:
        table: `changes` of `make_real_tables`.
        pooled: whether all sources together, or each apart.
        readers: who is to be listed; all when not given.
    """
    own = table[(table["source"] == POOLED) == pooled]
    own = own[own["reader"].isin(readers)] if readers else own
    keys = [*([] if pooled else ["source"]), "reader", "condition", "method"]
    sides = {m: own[own["measure"] == m].set_index(keys) for m in (GAINED, LOST)}
    first = sides[GAINED]
    view = pd.DataFrame(
        {
            "n": first["n"],
            **{measure: _counted(side.loc[first.index]) for measure, side in sides.items()},
            "p (McNemar)": first["mcnemar_p"].map("{:.2g}".format),
            "p (Holm)": first["holm_p"].map("{:.2g}".format),
        }
    )
    if view.index.get_level_values("method").nunique() == 1:
        view.index = view.index.droplevel("method")
    where = OVERALL if pooled else "by source"
    view.attrs[TITLE] = f"plates gained and lost by restoring with full, {where}"
    view.attrs[CAPTION] = (
        "numbers of plates, in brackets per cent of n with 95 % intervals; p by Holm's method over "
        "the conditions of one reader and source"
    )
    view.attrs[UNFOLDED] = pooled
    return view


def acceptance_view(table: pd.DataFrame) -> pd.DataFrame:
    """The share of plates that the calibration takes for plates, in per cent, with n.

    Args:
        table: `acceptance` of `make_real_tables`.
    """
    return with_n(
        table, index=["source"], columns="condition", title="accepted as plates by the calibration"
    )


def judges_of(readers: dict[str, list[str]]) -> list[str]:
    """The readers that may judge every source, but for `direct`, in order.

    Args:
        readers: of `real_tables.may_judge`.
    """
    return [reader for reader in judges_everywhere(readers) if reader != DIRECT]


def failure_notes(table: pd.DataFrame) -> str:
    """What failed, in sentences, source by source, plates by their number within it.

    Args:
        table: of `real_tables.failure_table_by_source`.
    """
    return "\n".join(
        f"{source}: {failure_note(part)}" for source, part in table.groupby("source", sort=False)
    )


def _with_p(view: pd.DataFrame, table: pd.DataFrame, *, index: list[str]) -> pd.DataFrame:
    """A view of differences with Holm's p behind each figure that was tested.

    Args:
        view: of `views.with_n`, with conditions across.
        table: the lines it was made of, with `holm_p`.
        index: the columns that name its lines.
    """
    tested = table[table["estimate"].notna() & table["holm_p"].notna()]
    if tested.empty:
        return view
    p = tested.pivot(index=index, columns="condition", values="holm_p").reindex_like(view)
    shown = view + p.map(lambda value: "" if pd.isna(value) else f", p = {value:.2g}")
    shown.attrs = view.attrs | {
        CAPTION: f"{view.attrs[CAPTION]}; p is McNemar's, exact, by Holm's method over the "
        "conditions of one comparison by one reader and source"
    }
    return shown


def _names(table: pd.DataFrame) -> list[str]:
    """Columns that name a line: the reader only where there are several."""
    several = table["reader"].nunique() > 1
    return ["method", "reader"] if several else ["method"]


def _counted(lines: pd.DataFrame) -> pd.Series:
    """Number of plates and share of all, as texts."""
    return lines.apply(
        lambda line: (
            f"{line['count']} ({100 * line['estimate']:.1f} "
            f"[{100 * line['low']:.1f}, {100 * line['high']:.1f}])"
        ),
        axis=1,
    )
