"""Trains two recipes from one prior, and tests both on photographs.

`full` and `face_recipe`, each by its own profile (lpr_gfpgan/evaluation/recipes.py). Each stage is
skipped where its weights exist and goes on from its checkpoint where it was cut off: the same
command again goes on. Under torchrun all processes train together, and the first one tests.

Usage: LPR_GFPGAN_REAL_PLATES=<folder> python tools/recipes.py [--max-seconds S] [--readers FOLDER]
"""

import argparse
import shutil
import sys
from pathlib import Path

from lpr_gfpgan.config import Study, load_study
from lpr_gfpgan.errors import LprError
from lpr_gfpgan.evaluation.methods import FULL
from lpr_gfpgan.evaluation.real_plates import (
    RealPlates,
    check_folder,
    labels_hash,
    load_settings,
    real_folder,
)
from lpr_gfpgan.evaluation.recipes import (
    RECIPES,
    evaluate_recipes,
    recipes_study,
    write_recipes,
)
from lpr_gfpgan.evaluation.released_real import load_plates_no_training_saw
from lpr_gfpgan.evaluation.run import open_readers
from lpr_gfpgan.files import atomic_path, named_writes, sha256_of
from lpr_gfpgan.networks import load_weights
from lpr_gfpgan.readers import load_hyperlpr
from lpr_gfpgan.restore.weights import RELEASED
from lpr_gfpgan.training import Paused, distributed
from lpr_gfpgan.training.photographs import prepare_photographs, refuse_uneven
from lpr_gfpgan.training.restorer import WARMUP, restorer_identity, train_restorer
from lpr_gfpgan.training.stage import is_trained
from lpr_gfpgan.training.stages import Deadline, ensure_plates, ensure_prior

RELEASE = "release"


def check(release: Study, readers: Path) -> RealPlates:
    """Opens, before hours of training, all that is needed after it; gives the test's photographs.

    Raises:
        ConfigError: the processes cannot share the crops equally.
        WeightsError: a reader is missing or damaged, or HyperLPR's package, the one reader that is
            foreign to both recipes.
        DataError: the photographs are missing, or others than real/plates.yaml names.
    """
    for profile in RECIPES.values():
        refuse_uneven(load_study(profile))
    folder = real_folder()
    check_folder(folder, load_settings())
    study = recipes_study(release, readers)
    open_readers(study, "cpu")
    load_hyperlpr()
    load_weights(study.paths.reader("loss"), expect_kind="reader")
    return load_plates_no_training_saw(folder, study)


def train(release: Study, readers: Path, deadline: Deadline) -> None:
    """Trains what is missing of both recipes.

    Raises:
        Paused: the deadline came first.
        LprError: bad settings, data or checkpoint.
    """
    studies = {variant: load_study(profile) for variant, profile in RECIPES.items()}
    first = studies[FULL].paths.photographs
    if distributed.rank() == 0 and not first.exists():
        prepare_photographs(studies[FULL], real_folder())
    ensure_prior(release, deadline)
    for variant, study in studies.items():
        if distributed.rank() == 0:
            _copy(first, study.paths.photographs)
            _copy(readers / "reader-loss.safetensors", study.paths.reader("loss"))
            _copy(release.paths.prior, study.paths.prior)
            _copy(release.paths.prior_discriminator, study.paths.prior_discriminator)
        ensure_plates(study)  # all processes wait for the first here
        seed = study.seeds[0]
        stages = {WARMUP: study.paths.warmup, variant: study.paths.restorer(variant, seed)}
        for name, path in stages.items():
            if not is_trained(path, restorer_identity(study, name, seed)):
                train_restorer(study, name, seed=seed, max_seconds=deadline.left())


def test(release: Study, readers: Path, real: RealPlates) -> None:
    """Tests both on the photographs and keeps the rows."""
    study = recipes_study(release, readers)
    write_recipes(
        evaluate_recipes(study, real),
        study,
        load_study(RECIPES[FULL]),
        images_sha256=real.images_sha256,
        labels_sha256=labels_hash(real_folder()),
    )


def _copy(source: Path, target: Path) -> None:
    """Both recipes learn from the same files, not from files made alike."""
    if not target.exists() or sha256_of(target) != sha256_of(source):
        with named_writes(), atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)


def main() -> int:
    """Trains and tests."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--max-seconds", type=float, help="pause training after so many")
    parser.add_argument(
        "--readers", type=Path, default=RELEASED.parent, help="folder with the released networks"
    )
    options = parser.parse_args()
    try:
        release = load_study(RELEASE)
        distributed.start()
        real = check(release, options.readers)
        train(release, options.readers, Deadline(options.max_seconds))
        if distributed.rank() == 0:
            test(release, options.readers, real)
    except Paused as pause:
        print(pause)
        return pause.exit_code
    except LprError as error:
        print(f"recipes: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
