"""The tables of profile quick's networks on photographs, as lines of Markdown."""

from collections.abc import Iterator

from marked import gain, row, share, titled
from quick_reports import Read

from lpr_gfpgan.evaluation.classical import RICHARDSON_LUCY_FIXED

CONDITIONS = ("untouched", "light", "medium", "strong")
METHODS = {
    "degraded": "degraded",
    RICHARDSON_LUCY_FIXED: "Richardson-Lucy with one fixed Gaussian",
    "full": "`full`",
    "face_recipe": "`face_recipe`",
    "plain_unet": "plain U-Net",
    "rrdb": "RRDB",
}
HELD_AGAINST = ("degraded", RICHARDSON_LUCY_FIXED, "face_recipe")
WHOLE = {"plate_accuracy": "", "plate_accuracy_without_province": ", province left out"}


def photographs(read: Read) -> Iterator[str]:
    """Plates read by HyperLPR, what `full` gains, and what passes for a plate; all sources."""
    found = read("real.json")
    accuracy = found["accuracy"]["all"]
    sources = ", ".join(f"{name} {n}" for name, n in found["plates"]["sources"].items())
    for measure, label in WHOLE.items():
        yield from titled(
            f"Whole plates{label}, % ({found['plates']['scored']} photographs: {sources}):",
            f"read from | {' | '.join(CONDITIONS)}",
        )
        for method, name in METHODS.items():
            cells = (
                share(accuracy[condition][method]["hyperlpr"][measure]) for condition in CONDITIONS
            )
            yield row(name, *cells)
        yield ""
    yield from titled(
        "What `full` gains, in points:", f"`full` less | plates | {' | '.join(CONDITIONS[1:])}"
    )
    for rival in HELD_AGAINST:
        for measure, label in WHOLE.items():
            gains = (
                found["differences"]["all"][c]["hyperlpr"]["full"][rival][measure]
                for c in CONDITIONS[1:]
            )
            yield row(METHODS[rival], f"whole{label}", *map(gain, gains))
    yield ""
    yield from titled(
        "Plates that HyperLPR reads only after `full`, and only before it (McNemar, Holm):",
        f"condition | {' | '.join(CONDITIONS)}",
    )
    changes = [found["changes"]["all"][c]["full"]["hyperlpr"] for c in CONDITIONS]
    for side in ("gained", "lost"):
        yield row(side, *(change[side]["count"] for change in changes))
    yield row("p", *(f"{change['gained']['holm_p']:.2g}" for change in changes))
    yield ""
    yield from titled("Plates that pass for one, %:", " | ".join(CONDITIONS))
    yield row(*(share(found["acceptance"]["all"][c]) for c in CONDITIONS))
    yield ""
    judge = share(accuracy["untouched"]["original"]["judge"]["plate_accuracy"], unit=" %")
    own = found["thresholds"]["hyperlpr"]
    passed = share(own["accepted"], unit=" %")
    yield (
        f"Our own `judge` reads {judge} of the untouched ones whole. The threshold at which 99 % "
        f"of what HyperLPR accepts is right ({own['threshold']:.3f}) lets pass {passed} of the "
        f"{own['accepted']['n']} photographs that it was set on."
    )
