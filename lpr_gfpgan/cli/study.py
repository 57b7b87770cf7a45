"""`train` and `evaluate`: the study's own steps, one at a time."""

from __future__ import annotations

import argparse
import sys

from .arguments import Commands, add_command, add_device


def add_to(commands: Commands) -> None:
    """Adds both commands to the program's."""
    parser = add_command(commands, train)
    _add_profile(parser)
    parser.add_argument(
        "--variant",
        default="full",
        help="a key of `ablations` or `baselines` in params.yaml, or warmup (default: full)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="of the variant's draws (default: 0); the rest is shared",
    )
    parser.add_argument("--max-seconds", type=float, metavar="S", help="pause after so many")

    parser = add_command(commands, evaluate)
    _add_profile(parser)
    add_device(parser)


def train(options: argparse.Namespace) -> int:
    """Trains one variant of the restorer, with everything it needs that is not trained yet."""
    from .. import training

    try:
        training.train(
            options.profile, options.variant, options.seed, max_seconds=options.max_seconds
        )
    except training.Paused as pause:
        print(f"lpr-gfpgan: {pause}", file=sys.stderr)
        return pause.exit_code
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Runs the test of a trained study again, rewrites its rows and metrics, prints accuracies.

    The figures and the page are `make reproduce`'s.
    """
    from .. import evaluation
    from ..config import load_study

    study = load_study(options.profile)
    result = evaluation.evaluate(study, device=options.device)
    evaluation.write(result, study)
    settings = study.settings.evaluation
    table = evaluation.accuracy_table(result.rows, draws=settings.bootstrap, seed=settings.seed)
    table = table[table["measure"] == "character_accuracy"]
    shown = evaluation.readable(table, index=["method", "reader"], columns="condition")
    print("character accuracy in per cent, 95 % interval")
    print(shown.to_string())
    print(f"all figures: {study.paths.metrics('evaluation')}")
    return 0


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile", help="smoke, quick, release, gpu or paper; else that of params.yaml"
    )
