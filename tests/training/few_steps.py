"""Some steps of reader, prior and restorer, alone or under torchrun; writes what came of them.

The main process writes the weights, every process which samples it saw.

The networks run in float64: Adam divides by the gradient's own size, so in float32 the rounding
of a sum taken in another order can turn the step of a weight whose gradient is nearly zero.

Usage: few_steps.py PARAMS OUTPUT RESULT
"""

import dataclasses
import sys

import torch

from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.training import distributed, prior, reader, restorer

STEPS = 4
BATCH = 16  # over four processes: one whole group of the minibatch standard deviation each


def in_float64(task):
    """The task with its networks and what they are given in float64."""
    for part in (*task.parts.values(), *vars(getattr(task, "objective", task)).values()):
        if isinstance(part, torch.nn.Module):
            part.double()
    stream = task.stream
    fetch = stream.fetch
    stream.fetch = lambda step: in_double(fetch(step))
    return task


def in_double(ready):
    batch, image = ready
    return dataclasses.replace(batch, image=batch.image.double()), image.double()


def doubled(function):
    return lambda *positional, **named: function(*positional, **named).double()


prior.normal = doubled(prior.normal)


def main(params, output, result):
    torch.set_num_threads(1)
    distributed.start()
    study = load_study("smoke", params=params)
    settings = dataclasses.replace(
        study.settings,
        prior=dataclasses.replace(study.settings.prior, batch=BATCH),
        restorer=dataclasses.replace(study.settings.restorer, batch=BATCH),
        readers=dataclasses.replace(
            study.settings.readers,
            loss=dataclasses.replace(study.settings.readers.loss, batch=BATCH),
        ),
    )
    study = dataclasses.replace(study, settings=settings, paths=Paths(output, "smoke"))
    weights, samples = {}, {}
    loss = study.settings.readers.loss
    for name, task in (
        ("reader", in_float64(reader.ReaderTask(study, loss, torch.device("cpu")))),
        ("prior", in_float64(prior.PriorTask(study, 0, torch.device("cpu")))),
        ("restorer", in_float64(restorer.RestorerTask(study, "full", 0, torch.device("cpu")))),
    ):
        for step in range(STEPS):
            task.step(step)
            samples[f"{name}.{step}"] = task.stream.samples(step)
        task.stream.close()
        for part, value in task.parts.items():
            if isinstance(value, torch.nn.Module):
                for key, tensor in value.state_dict().items():
                    weights[f"{name}.{part}.{key}"] = tensor.clone()
    torch.save(samples, f"{result}.{distributed.rank()}")
    if distributed.rank() == 0:
        torch.save({"processes": distributed.world_size(), "weights": weights}, result)
    distributed.barrier()


if __name__ == "__main__":
    from pathlib import Path

    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
