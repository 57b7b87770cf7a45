"""What the measured distances say of the prior's scenes: the lines beneath their picture."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .kernel_distance import CONTROL
from .lines import POOLED
from .methods import DEGRADED

OF_PLATES = {
    "below": "nearer to plates than other plates are",
    "within": "no farther from plates than this measurement can tell",
    "above": "not plates yet by these features",
}
OF_DEGRADED = {
    "below": "nearer to plates than what a restorer is given",
    "within": "no nearer to plates than what a restorer is given",
    "above": "farther from plates than what a restorer is given",
}


def prior_note(metrics: Mapping[str, Any], kid: pd.DataFrame) -> str:
    """The prior's KID beside that of untouched plates and of the test's degraded ones.

    The prior's figure was measured once and has no interval; those of the test have one, and the
    sentence follows from whether the figure lies below, within or above it.

    Args:
        metrics: kid_initial, kid_final and n of metrics/prior.json.
        kid: of `kernel_distance.kid_table`; a line that it lacks is not spoken of.

    Returns:
        Markdown of one paragraph.
    """
    final = metrics["kid_final"]
    pooled = kid[kid["condition"] == POOLED].set_index("method")
    said = [
        f"KID of {metrics['n']} drawn scenes from as many validation scenes: "
        f"{metrics['kid_initial']:.3f} before training, {final:.3f} after (one figure, without an "
        "interval)."
    ]
    for method, name, meanings in (
        (CONTROL, "untouched plates of another split", OF_PLATES),
        (DEGRADED, "the test's degraded plates, all conditions pooled,", OF_DEGRADED),
    ):
        if method in pooled.index:
            line = pooled.loc[method]
            place = _place(final, line)
            ends = f"{line['estimate']:.3f} [{line['low']:.3f}, {line['high']:.3f}]"
            said.append(
                f"For {name} it is {ends}, n = {line['n']:.0f}: the prior is {place} that "
                f"interval, its scenes are {meanings[place]}."
            )
    said.append(
        "The prior's scenes are cut out at the canonical place, the test's plates at their "
        "corners, so that only the order counts. Whether characters in the drawn scenes can be "
        "read was not measured."
    )
    return " ".join(said)


def _place(value: float, line: pd.Series) -> str:
    """Where a value lies by an interval: "below", "within" or "above"."""
    if value < line["low"]:
        return "below"
    return "above" if value > line["high"] else "within"
