"""The claims of the paper's abstract against what was measured, by one stated rule.

Every line of evidence is a paired difference with its 95 % interval. It *finds* "better" or "worse"
where a difference is shown by the rule of `finding`; otherwise "none shown", which is not the same
as none: few plates or a large family can hide one. Every line with a
vote belongs to a family of tests, over which its p-value is adjusted by Holm's method:

- reading and ringing on the test: one measure, the full model less each of its rivals;
- reading by blur: all factors and rivals, the cells with one factor alone apart from the others;
- KID and emphasis: one measure, pooled over conditions, the full model less everything that was
  tested, rivals of the claim or not: no choice among them can make a family smaller;
- a contribution: all lines of one measure under a protocol of the grid; on the test, beside it, one
  measure over all variants.

A claim's verdict follows from the lines that decide it, the first of these that applies:

- not measured: none of them was measured, or none has an interval;
- cannot be claimed with this reader: the claim is about reading, and the judge reads too few of the
  test's own clean plates to judge (see `judges`);
- contradicted: a line finds "worse";
- supported: every line finds "better"; in part: some do and none finds "worse";
- none shown: no line finds anything.

Where the profile is too small for figures about the method, the verdict is that the claim cannot be
made at this profile, and what the rule finds of these checkpoints is added.

The other lines stand beside as context and have no vote. However many seeds a network was trained
with, a rival has one line and one vote: seeds are resampled together with plates. Where a line with
a vote compares two networks that were trained with one seed, the verdict speaks of these two
checkpoints only. Better reading is claimed of restoring: where reading the degraded image directly
gets more characters still, the verdict adds it and names where. It also names the lines beside a
contribution that find worse: they are of the same kind as the one that decides, elsewhere, and may
contradict it. Lines beside other claims are of another kind (blur cannot ring), and are not named.

Source of the claims: Huang and Wei (2024), doi 10.21203/rs.3.rs-4798789/v1, abstract.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from .ablations import CONTRIBUTIONS, EVERYWHERE
from .finding import direction
from .gains import BY_DIRECT, THIS_CHECKPOINT
from .grid import CORRECTED
from .grid_gains import ALONE
from .lines import POOLED
from .measures import LOWER_IS_BETTER
from .methods import BICUBIC, DEGRADED, DIRECT_READING, FULL, JUDGE, base_name
from .summary import claims_nothing

BETTER, WORSE, NO_DIFFERENCE, NOT_MEASURED = "better", "worse", "none shown", "not measured"
SUPPORTED, CONTRADICTED, IN_PART = "supported", "contradicted", "supported in part"
CANNOT = "cannot be claimed at this profile"
NO_JUDGE = "cannot be claimed with this reader"
TWO_CHECKPOINTS = "these two checkpoints"
THESE_CHECKPOINTS = "of these checkpoints"
DIRECT_IS_BETTER = "reading the degraded image directly gets more characters still"

ACCURACY = "recognition accuracy is improved"
ADAPTABILITY = "adaptable to several blurs"
SMOOTH = "smooth quality"
EMPHASIS = "the plate is emphasised"
CONTRIBUTED = {
    "contribution 1: motion blur in training": ("no_motion_blur",),
    "contribution 2: recognition loss": ("no_recognition_loss",),
    "contribution 3: region aligned to the plate": ("fixed_region", "no_region_discriminator"),
}
"""The variants that lack each contribution; the first decides, the next stands beside it."""
CLAIMS = (ACCURACY, ADAPTABILITY, SMOOTH, EMPHASIS, *CONTRIBUTED)
COLUMNS = (
    "claim",
    "verdict",
    "evidence",
    "measure",
    "decides",
    "n",
    "seeds",
    "scope",
    "estimate",
    "low",
    "high",
    "interval",
    "holm_p",
    "finding",
)

READ, RINGING, DECIBELS = "character_accuracy", "ringing_plate", "psnr_emphasis"


def claim_table(
    tables: Mapping[str, pd.DataFrame], grid: Mapping[str, pd.DataFrame], *, profile: str
) -> pd.DataFrame:
    """Each claim, the lines that speak to it, and the verdict that follows from them.

    Args:
        tables: of `report.make_tables`: readers, gains, contributions and, where measured,
            kid_differences, emphasis and emphasis_differences.
        grid: of `grid_report.make_grid_tables`: gains and ablations.
        profile: which decides whether figures may speak about the method at all.

    Returns:
        One line per piece of evidence with COLUMNS: `verdict` is the claim's, `finding` the line's;
        `decides` tells whether it has a vote. Differences are first less second in the measure's
        own unit, shares in 0..1; NaN where a line was not measured.
    """
    readers = tables["readers"]
    judges = bool(readers.loc[readers["reader"] == JUDGE, "may_judge"].any())
    parts = []
    for claim in CLAIMS:
        found = _evidence(claim, tables, grid)
        lines = pd.DataFrame(found).reindex(columns=COLUMNS[2:-1])
        lines["finding"] = [finding(line) for line in found]
        parts.append(
            lines.assign(claim=claim, verdict=verdict(claim, lines, profile=profile, judges=judges))
        )
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def finding(line: Mapping[str, Any]) -> str:
    """What a line of evidence finds: better, worse, none shown, or that it was not measured.

    Args:
        line: with measure and what `finding.direction` takes.
    """
    shown = direction(line)
    if shown is None:
        return NOT_MEASURED
    if shown == 0:
        return NO_DIFFERENCE
    less_is_better = str(line["measure"]).split("_")[0] in LOWER_IS_BETTER
    return WORSE if (shown > 0) == less_is_better else BETTER


def verdict(claim: str, lines: pd.DataFrame, *, profile: str, judges: bool) -> str:
    """A claim's verdict by the module's rule.

    Args:
        claim: one of CLAIMS.
        lines: its evidence with evidence, decides, seeds and finding.
        profile: whose figures they are.
        judges: whether the judge reads enough of the test's clean plates to judge.
    """
    voting = lines[lines["decides"].astype(bool)]
    found = set(voting["finding"])
    if found <= {NOT_MEASURED}:
        return NOT_MEASURED
    if not judges and (voting["measure"] == READ).any():
        return NO_JUDGE
    if (voting["scope"] == TWO_CHECKPOINTS).any() and not (voting["seeds"] > 1).all():
        said = f"{TWO_CHECKPOINTS} only: {', '.join(sorted(found - {NOT_MEASURED}))}"
    elif WORSE in found:
        said = CONTRADICTED
    elif found == {BETTER}:
        said = SUPPORTED
    else:
        said = IN_PART if BETTER in found else NO_DIFFERENCE
    if claims_nothing(profile):
        said = f"{CANNOT}; {THESE_CHECKPOINTS}: {said.removeprefix(f'{TWO_CHECKPOINTS} only: ')}"
    worse = lines[lines["finding"] == WORSE]
    direct = worse["evidence"].str.contains(DIRECT_READING, regex=False)
    if direct.any():
        said = f"{said}; {DIRECT_IS_BETTER} ({_places(worse[direct])})"
    beside = worse[~worse["decides"].astype(bool)]
    if claim in CONTRIBUTED and len(beside):
        said = f"{said}; worse beside: {' and '.join(beside['evidence'])}"
    return said


def _places(lines: pd.DataFrame) -> str:
    """Where lines of evidence were measured: what follows the comma."""
    return " and ".join(lines["evidence"].str.partition(", ")[2])


def _evidence(
    claim: str, tables: Mapping[str, pd.DataFrame], grid: Mapping[str, pd.DataFrame]
) -> list[dict[str, Any]]:
    if claim == ACCURACY:
        return list(_accuracy(tables["gains"]))
    if claim == ADAPTABILITY:
        return list(_factors(grid["gains"]))
    if claim == SMOOTH:
        return list(_smooth(tables))
    if claim == EMPHASIS:
        return list(_emphasis(tables))
    return list(_contribution(CONTRIBUTED[claim], tables["contributions"], grid["ablations"]))


def _line(evidence: str, measure: str, decides: bool, found: Any = None) -> dict[str, Any]:
    """A line of evidence; without a figure where nothing was measured.

    It has `holm_p` only where what was found has one, as only then it belongs to a family.
    """
    line = {"evidence": evidence, "measure": measure, "decides": decides, "n": 0, "seeds": 0}
    line |= dict.fromkeys(("estimate", "low", "high"), np.nan)
    line |= {"scope": "", "interval": ""}
    wanted = (*line, "holm_p")
    known = {} if found is None else {key: found[key] for key in wanted if key in found}
    return {**line, **known, "evidence": evidence, "measure": measure, "decides": decides}


def _accuracy(gains: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for found in gains[gains["measure"] == READ].to_dict("records"):
        other = found["second"]
        decides = other not in (DIRECT_READING, BY_DIRECT)
        yield _line(f"{FULL} less {other}, the test", READ, decides, found)


def _factors(gains: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The cells with one blur alone decide, against what better reading is held against.

    Beside them stand the other factors alone and the cells that mix factors, which cannot tell
    whose effect they show; each against the degraded image.
    """
    for found in gains[gains["measure"] == READ].to_dict("records"):
        other, factor = found["second"], found["factor"].replace("_", " ")
        about = found["where"] == ALONE and found["factor"] in ("gaussian", "motion")
        if about or other == DEGRADED:
            where = f"{found['cells']} cells with {factor} {found['where']}"
            decides = about and other not in (DIRECT_READING, BY_DIRECT)
            yield _line(f"{FULL} less {other}, {where}", READ, decides, found)


def _smooth(tables: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    """KID and ringing against what better reading is held against, direct reading apart.

    Plain enlargements have no vote on ringing: blur cannot ring, so they are no rivals there.
    """
    gains, kid = tables["gains"], tables.get("kid_differences")
    unseen = (DIRECT_READING, BY_DIRECT)
    rivals = [name for name in dict.fromkeys(gains["second"]) if name not in unseen]
    found = [] if kid is None else _less_others(kid, tables)
    for line in [line for line in found if line["second"] in rivals] or [None]:
        pair = (FULL, DEGRADED) if line is None else (line["first"], line["second"])
        yield _line(f"{pair[0]} less {pair[1]}, the test", "kid", True, line)
    ringing = gains[(gains["measure"] == RINGING) & gains["second"].isin(rivals)]
    for line in ringing.to_dict("records") or [None]:
        other = DEGRADED if line is None else line["second"]
        votes = line is None or other not in (DEGRADED, BICUBIC)
        yield _line(f"{FULL} less {other}, the test", RINGING, votes, line)


def _emphasis(tables: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    """The full model's emphasis less that of others decides: whatever sharpens has some."""
    table = tables.get("emphasis")
    found = [] if table is None else _of_full(table[table["measure"] == DECIBELS])
    for line in found or [None]:
        name = FULL if line is None else line["method"]
        yield _line(f"{name}: gain on the plate less gain around it", DECIBELS, False, line)
    pairs = tables.get("emphasis_differences")
    rivals = (*tables["gains"]["second"].unique(), "no_region_discriminator")
    for line in [] if pairs is None else _less_others(pairs, tables):
        if line["second"] in rivals:
            yield _line(f"that of {line['first']} less {line['second']}", DECIBELS, True, line)


def _of_full(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The pooled lines of each of the full model's checkpoints."""
    chosen = table[(table["method"].map(base_name) == FULL) & (table["condition"] == POOLED)]
    return chosen.assign(seeds=1, scope=THIS_CHECKPOINT).to_dict("records")


def _less_others(table: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """The pooled differences of the full model from others, one line for each other.

    What a line speaks of follows from the training seeds of the two, which the tests of reading
    know: its scope is theirs.
    """
    read = pd.concat([tables["contributions"], tables["gains"]])
    scopes = dict(zip(read["second"], read["scope"], strict=True))
    chosen = table[(table["first"] == FULL) & (table["condition"] == POOLED)]
    return chosen.assign(scope=chosen["second"].map(scopes)).to_dict("records")


def _contribution(
    variants: tuple[str, ...], test: pd.DataFrame, grid: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    """The grid where the part should act, which decides; beside it the whole grid and the test."""
    acts = {part.without: part.acts for part in CONTRIBUTIONS}
    grid = grid[(grid["measure"] == READ) & (grid["protocol"] == CORRECTED)]
    test = test[test["measure"] == READ]
    for number, variant in enumerate(variants):
        for where in dict.fromkeys((acts[variant], EVERYWHERE)):
            found = grid[(grid["second"] == variant) & (grid["where"] == where)]
            decides = number == 0 and where == acts[variant]
            if len(found) or decides:
                line = found.iloc[0] if len(found) else None
                yield _line(f"{FULL} less {variant}, the grid, {where}", READ, decides, line)
        found = test[test["second"] == variant]
        if len(found):
            yield _line(f"{FULL} less {variant}, the test", READ, False, found.iloc[0])
