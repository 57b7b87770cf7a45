"""Tables of the released weights' card about photographs, from reports/released/real.json."""

from collections.abc import Iterator, Mapping
from typing import Any

from marked import gain, head, row, share, titled

from lpr_gfpgan.evaluation.classical import RICHARDSON_LUCY_FIXED

WITHOUT_PROVINCE, WHOLE = "plate_accuracy_without_province", "plate_accuracy"
UNTOUCHED = "untouched"
SOURCES = {
    "all": "All sources",
    "ccpd94": "ccpd94: dark, tilted, blurred crops of 94 x 24, nearly all of one province",
    "traffic136": "traffic136: traffic cameras, crops of 136 x 36",
    "photos_web": "photos_web: photographs of cars, a source that no network here was trained on",
}
READERS = {"hyperlpr": "HyperLPR", "judge": "judge"}
METHODS = ("degraded", "bicubic", "full")
"""The classical filter that reads best under the one blur it is made for."""


def summary(real: Mapping[str, Any]) -> Iterator[str]:
    """The table of README.md: HyperLPR on all photographs, without and with the province."""
    columns = ("degraded", "bicubic", "restored")
    whole = " | ".join(f"{name}, with it" for name in columns)
    yield from head(f"plates read, province left out | {' | '.join(columns)} | {whole}")
    for condition, methods in real["accuracy"]["all"].items():
        yield row(
            condition,
            *(
                share(methods[method]["hyperlpr"][measure])
                for measure in (WITHOUT_PROVINCE, WHOLE)
                for method in METHODS
            ),
        )


def photographs(real: Mapping[str, Any]) -> Iterator[str]:
    """Reading before and after, by source and reader."""
    for source, title in SOURCES.items():
        n = real["accuracy"][source][UNTOUCHED]["degraded"]["hyperlpr"][WITHOUT_PROVINCE]["n"]
        columns = "degraded | bicubic | restored | recovered | whole texts gained, lost"
        yield from titled(
            f"**{title}** (n = {n}). Plates read without a mistake, the province left out:",
            f"reader | condition | {columns}",
        )
        for reader, name in READERS.items():
            for condition in real["accuracy"][source]:
                yield row(
                    starred(name, real, source, reader),
                    condition,
                    *before_and_after(real, source, condition, reader),
                )
        yield ""


def starred(name: str, found: Mapping[str, Any], source: str, reader: str) -> str:
    """A reader's name, with a star where it may not judge a source; all, where not each of them.

    Args:
        name: how the reader is called.
        found: a report with `may_judge`.
        source: of photographs, or "all".
        reader: its key in the report.
    """
    admitted = found["may_judge"]
    judges = all(reader in admitted[each] for each in admitted if source in (each, "all"))
    return name if judges else f"{name} *"


def harm(real: Mapping[str, Any]) -> Iterator[str]:
    """Restored less bicubic at low resolution, where the same pixels need no restoring."""
    columns = "difference, 6/6 | p (McNemar, Holm over these conditions) | difference, 7/7 | p"
    yield from titled(
        "Restored less bicubic at low resolution, all sources, points of plates:",
        f"reader | condition | {columns}",
    )
    for condition, readers in real["harm"]["all"].items():
        for reader, name in READERS.items():
            cells = []
            for measure in (WITHOUT_PROVINCE, WHOLE):
                figure = readers[reader][measure]
                cells += [share(figure, "+"), f"{figure['holm_p']:.2g}"]
            yield row(starred(name, real, "all", reader), condition, *cells)


def before_and_after(
    real: Mapping[str, Any], source: str, condition: str, reader: str
) -> Iterator[str]:
    """The cells of a line of `photographs`."""
    found = real["accuracy"][source][condition]
    for method in METHODS:
        yield share(found[method][reader][WITHOUT_PROVINCE])
    yield recovered(real, source, condition, reader, WITHOUT_PROVINCE)
    change = real["changes"][source][condition]["full"][reader]
    counts = f"{change['gained']['count']}, {change['lost']['count']}"
    yield f"{counts} (p {change['gained']['holm_p']:.2g})"


def recovered(
    real: Mapping[str, Any], source: str, condition: str, reader: str, measure: str
) -> str:
    """What restoring gives back of what degrading took; empty where it took too few plates."""
    found = real["recovered"][source].get(condition, {}).get("full", {}).get(reader, {})
    figure = found.get(measure)
    return share(figure) if figure and condition != UNTOUCHED else ""


def whole(real: Mapping[str, Any]) -> Iterator[str]:
    """Whole plates with the province by HyperLPR, and the classical filter beside them."""
    columns = "degraded | bicubic | Richardson-Lucy | restored | recovered"
    yield from titled(
        "With the province (7/7), HyperLPR, all sources; Richardson-Lucy has one fixed kernel:",
        f"condition | {columns} | restored less Richardson-Lucy, p (Holm)",
    )
    for condition, methods in real["accuracy"]["all"].items():
        less = real["differences"]["all"][condition]["hyperlpr"]["full"][RICHARDSON_LUCY_FIXED][
            WHOLE
        ]
        yield row(
            condition,
            *(
                share(methods[m]["hyperlpr"][WHOLE])
                for m in ("degraded", "bicubic", RICHARDSON_LUCY_FIXED, "full")
            ),
            recovered(real, "all", condition, "hyperlpr", WHOLE),
            gain(less),
        )


def false_reads(real: Mapping[str, Any]) -> Iterator[str]:
    """Readings of photographs that `judge` accepted, and how many of them are wrong.

    By `judge`: HyperLPR's confidence tells so little that it accepts next to none.
    """
    columns = "degraded: accepted | false reads | restored: accepted | false reads"
    yield from titled(
        "The same of photographs, all sources:", f"condition | {columns} | right of the accepted"
    )
    for condition, methods in real["false_reads"]["all"].items():
        before, after = (methods[method]["judge"] for method in ("degraded", "full"))
        cells = (found[key] for found in (before, after) for key in ("accepted", "false_reads"))
        right = after.get("right_of_accepted")
        yield row(
            condition, *map(share, cells), f"{share(right)}, n = {right['n']}" if right else ""
        )


def direct(real: Mapping[str, Any]) -> Iterator[str]:
    """The direct reader, which needs no restoration."""
    yield from titled(
        "The reader `direct` on the degraded plate, and on the restored one, all sources:",
        "condition | degraded, 6/6 | degraded, 7/7 | restored, 6/6",
    )
    for condition, methods in real["accuracy_by_direct"]["all"].items():
        before, after = (methods[m]["direct"] for m in ("degraded", "full"))
        cells = share(before[WITHOUT_PROVINCE]), share(before[WHOLE])
        yield row(condition, *cells, share(after[WITHOUT_PROVINCE]))
