"""Six steps of prior and restorer, alone or under torchrun; writes all weights of the main process.

Usage: six_steps.py PARAMS OUTPUT RESULT
"""

import dataclasses
import sys

import torch

from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.training import distributed
from lpr_gfpgan.training.prior import PriorTask
from lpr_gfpgan.training.restorer import RestorerTask

STEPS = 6
BATCH = 8  # four samples a process: one whole group of the minibatch standard deviation each


def main(params, output, result):
    torch.set_num_threads(1)
    distributed.start()
    study = load_study("smoke", params=params)
    settings = dataclasses.replace(
        study.settings,
        prior=dataclasses.replace(study.settings.prior, batch=BATCH),
        restorer=dataclasses.replace(study.settings.restorer, batch=BATCH),
    )
    study = dataclasses.replace(study, settings=settings, paths=Paths(output, "smoke"))
    weights = {}
    for name, task in (
        ("prior", PriorTask(study, 0, torch.device("cpu"))),
        ("restorer", RestorerTask(study, "full", 0, torch.device("cpu"))),
    ):
        for step in range(STEPS):
            task.step(step)
        task.stream.close()
        for part, value in task.parts.items():
            if isinstance(value, torch.nn.Module):
                for key, tensor in value.state_dict().items():
                    weights[f"{name}.{part}.{key}"] = tensor.clone()
    if distributed.rank() == 0:
        torch.save({"processes": distributed.world_size(), "weights": weights}, result)
    distributed.barrier()


if __name__ == "__main__":
    from pathlib import Path

    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
