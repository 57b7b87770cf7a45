"""The tables of profile quick's drawn plates, as lines of Markdown."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marked import KEYS, gain, head, line_of, row, share, titled
from quick_reports import Read

from lpr_gfpgan.evaluation.classical import RICHARDSON_LUCY_FIXED
from lpr_gfpgan.evaluation.gains import BY_DIRECT
from lpr_gfpgan.evaluation.methods import DIRECT_READING
from lpr_gfpgan.trust.placing import WAYS

Make = Callable[[Read], Iterator[str]]
TEST = {
    "the original": ("original", "judge"),
    "the degraded image": ("degraded", "judge"),
    "the same, enlarged bicubically": ("bicubic", "judge"),
    "the same, deconvolved with one fixed Gaussian (Richardson-Lucy)": (
        RICHARDSON_LUCY_FIXED,
        "judge",
    ),
    "the restoration by a plain U-Net (L1 alone, same steps and scenes)": ("plain_unet", "judge"),
    "the restoration by an RRDB network of 99 thousand parameters, the U-Net has 109 "
    "(Real-ESRGAN's recipe)": ("rrdb", "judge"),
    "the restoration by `face_recipe`, without the three contributions": ("face_recipe", "judge"),
    "the restoration by `full`": ("full", "judge"),
    "the degraded image, by the reader trained on such images": ("degraded", "direct"),
    "the restoration by `full`, by that reader": ("full", "direct"),
}
"""The lines of the first page's table: method and reader."""
CLAIMS = {
    "full less no_motion_blur, the grid, with motion blur": "the paper's grid, cells with motion",
    "full less no_motion_blur, the test": "the test",
    "full less no_recognition_loss, the grid, everywhere": "the paper's grid",
    "full less no_recognition_loss, the test": "the test",
    "full less fixed_region, the grid, shifted frames": "the paper's grid, shifted frames",
    "full less fixed_region, the test": "the test",
    "full less no_region_discriminator, the grid, everywhere": "the paper's grid",
    "full less no_region_discriminator, the test": "the test",
}
"""The evidence for each contribution, and where it was measured."""
BLURS = ("light", "medium", "strong")
MEASURES = {"character_accuracy": "Characters", "plate_accuracy": "Whole plates"}
GAINS = {
    "points: `full` less Richardson-Lucy, by `judge`": RICHARDSON_LUCY_FIXED,
    "points: `full` by `judge` less the degraded image by `direct`": DIRECT_READING,
    "points: `full` less the degraded image, both by `direct`": BY_DIRECT,
}
"""What `full` is held against in the tables by blur; the last over all three blurs alone."""
BY_BLUR = {
    "the degraded image": ("degraded", "judge"),
    "the same, deconvolved (Richardson-Lucy)": (RICHARDSON_LUCY_FIXED, "judge"),
    "the restoration by `full`": ("full", "judge"),
    "the degraded image, by `direct`": ("degraded", "direct"),
    "the restoration by `full`, by `direct`": ("full", "direct"),
}
"""The lines of the tables by blur: method and reader."""
PRIOR = {
    "the prior's": "prior",
    "drawn plates under medium blur": "degraded, medium",
    "drawn plates under strong blur": "degraded, strong",
    "untouched test plates, cut out likewise": "untouched test plates",
}
"""What the prior's scenes are held against, by its name in prior.json."""
FACTORS = ("gaussian", "motion", "noise", "jpeg")
RIVALS = {"degraded": "degraded", RICHARDSON_LUCY_FIXED: "Richardson-Lucy", "rrdb": "RRDB"}
FALSE_READS = (
    ("all", "original"),
    ("all", "degraded"),
    ("all", RICHARDSON_LUCY_FIXED),
    ("all", "full"),
    ("light", "full"),
    ("medium", "full"),
    ("strong", "full"),
)
CHARACTERS = ("raw", "calibrated", "if_calibrated")
TEXTS = ("product", "calibrated", "if_calibrated")
"""Expected errors as calibration.json names them."""


def plain(figure: Mapping[str, Any]) -> str:
    """A figure that is no share, with its interval."""
    estimate, low, high = (f"{figure[key]:.2f}" for key in KEYS)
    return f"{estimate} [{low}, {high}]"


def first_page(read: Read) -> Iterator[str]:
    """Characters read on the test, by method, and what `full` gains over each."""
    found = read("metrics/evaluation.json")
    yield from head("read from | character accuracy, % | `full` less it, points")
    for label, (method, reader) in TEST.items():
        gained = ""
        if reader == "judge" and method not in ("original", "full"):
            difference = found["differences"][f"full - {method}"]
            gained = share(difference["character_accuracy"], "+")
        yield row(label, share(found["pooled"][method][reader]["character_accuracy"]), gained)


def by_blur(read: Read) -> Iterator[str]:
    """Characters and whole plates read, by blur: the judge after each method, and `direct`."""
    found, pooled = read("tables/accuracy.csv"), read("metrics/evaluation.json")["pooled"]
    differences, gains = read("tables/differences.csv"), read("tables/gains.csv")
    for measure, title in MEASURES.items():
        plates = line_of(gains, second=BY_DIRECT, measure=measure)["n"]
        yield from titled(
            f"{title}, % (n = {plates} plates under each blur):",
            f"read from | {' | '.join(BLURS)} | all three",
        )
        for label, (method, reader) in BY_BLUR.items():
            own = {"method": method, "reader": reader, "measure": measure}
            cells = [share(line_of(found, condition=blur, **own)) for blur in BLURS]
            yield row(label, *cells, share(pooled[method][reader][measure]))
        for label, second in GAINS.items():
            own = {"second": second, "measure": measure}
            cells = ["" for _ in BLURS]
            if second != BY_DIRECT:
                lines = (line_of(differences, first="full", condition=c, **own) for c in BLURS)
                cells = [share(line, "+") for line in lines]
            yield row(label, *cells, share(line_of(gains, **own), "+"))
        yield ""


def judge(read: Read) -> Iterator[str]:
    """How well the judge reads clean test plates."""
    readers = read("tables/readers.csv")
    own = {"reader": "judge", "measure": "plate_accuracy"}
    yield from head("clean test plates that `judge` reads whole | n | %")
    for where, label in (("", "all"), (", typeface held out", "in the held-out typeface")):
        line = line_of(readers, set=f"test originals{where}", **own)
        yield row(label, line["n"], share(line))


def prior(read: Read) -> Iterator[str]:
    """How near to plates the prior's scenes are: KID, and what of them is read."""
    found = read("metrics/prior.json")
    yield from head("scenes | KID | whole texts that `judge` reads in them, %")
    for label, name in PRIOR.items():
        yield row(label, plain(found[name]["kid"]), share(found[name]["whole_text"]))


def grid(read: Read) -> Iterator[str]:
    """What `full` gains in the cells of the paper's grid that have a factor, by characters."""
    gains = read("tables/grid-gains.csv.gz")
    yield from head(f"cells | n | {' | '.join(f'less {label}' for label in RIVALS.values())}")
    for where in ("alone", "with others"):
        for factor in FACTORS if where == "with others" else (*FACTORS, "low_resolution"):
            lines = [
                line_of(gains, where=where, factor=factor, measure="character_accuracy", second=r)
                for r in RIVALS
            ]
            yield row(f"{factor.replace('_', ' ')} {where}", lines[0]["n"], *map(gain, lines))


def contributions(read: Read) -> Iterator[str]:
    """What each contribution brings, by characters read, in these checkpoints."""
    claims = read("tables/claims.csv")
    yield from head("contribution | less | measured on | n | points | p (Holm)")
    for evidence, where in CLAIMS.items():
        line = line_of(claims, evidence=evidence, measure="character_accuracy")
        contribution = line["claim"].partition(": ")[2]
        variant = evidence.split(",")[0].removeprefix("full less ")
        yield row(
            contribution,
            f"`{variant}`",
            where,
            line["n"],
            share(line, "+"),
            f"{line['holm_p']:.2g}",
        )


def trust(read: Read) -> Iterator[str]:
    """What passes for a plate, and how sure a reading is, by how the plate was placed."""
    found = read("metrics/calibration.json")
    columns = [_trusted(found, way) for way in WAYS]
    yield from head(f"of drawn plates | {' | '.join(WAYS)}")
    for label in columns[0]:
        yield row(label, *(column[label] for column in columns))


def _trusted(found: Mapping[str, Any], way: str) -> dict[str, str]:
    """The column of one way of placing a plate: figure by label."""
    error = "{:.3f}, {:.3f} ({:.3f})".format
    passed, refused = (found["likeness"][side][way] for side in ("accepted", "refused"))
    mixture, strong = (found["confidence"][way][blur] for blur in ("training", "strong"))
    texts, agreement = mixture["texts"], found["agreement"][way]
    none = refused["clean"]["all"]
    others = f"of {none['n']} pictures without a plate (textures, other text, scenes), refused, %"
    return {
        f"pass for a plate, untouched (n = {passed['clean']['n']}), %": share(passed["clean"]),
        "pass under strong blur, %": share(passed["strong"]),
        others: share(none),
        "characters read rightly, under the training's mixture of blurs": (
            f"{100 * mixture['right']:.0f} %"
        ),
        "expected error of a character's confidence: as the reader has it, calibrated (by chance "
        "alone)": error(*(mixture["ece"][k] for k in CHARACTERS)),
        "the same under strong blur": error(*(strong["ece"][k] for k in CHARACTERS)),
        "complete texts read rightly, under the training's mixture": (
            f"{100 * texts['right']:.0f} % of {texts['n']}"
        ),
        "expected error of a text's confidence: as a product, calibrated (by chance alone)": error(
            *(texts["ece"][k] for k in TEXTS)
        ),
        "mean confidence of a text: as a product, calibrated": "{:.2f}, {:.2f}".format(
            *(texts["mean_confidence"][k] for k in TEXTS[:2])
        ),
        "samples agree more on right characters than on wrong ones (AUROC)": (
            plain(agreement["auroc"]) + ("" if agreement["shown"] else ", withheld")
        ),
        "the reader's own confidence, likewise": f"{agreement['auroc_of_raw_confidence']:.2f}",
    }


def false_reads(read: Read) -> Iterator[str]:
    """Accepted readings of drawn plates, and how many of them are wrong."""
    table = read("tables/false_reads.csv")
    own = table[table["reader"] == "judge"]
    yield from head("blur | read from | accepted, % | false reads, % | right of the accepted, %")
    for condition, method in FALSE_READS:
        lines = (
            line_of(own, condition=condition, method=method, measure=measure)
            for measure in ("accepted", "false_reads", "right_of_accepted")
        )
        yield row(condition, method, *(share(line) if line["n"] else "" for line in lines))
