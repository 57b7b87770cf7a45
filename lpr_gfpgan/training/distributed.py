"""One process or many: the same loop runs alone, under torchrun, and inside a notebook.

Every loss is a mean over the local batch. Averaging gradients over processes with equal local
batches is then the gradient of the whole batch.
"""

import os

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..errors import ConfigError
from ..networks import group_size


def start() -> None:
    """Joins the processes torchrun started; does nothing alone or when already joined.

    Tensors on the CPU are exchanged by gloo, beside NCCL too: to agree on a turn, no process then
    waits for its GPU.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")


def rank() -> int:
    """This process's number; 0 when alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """How many processes train together; 1 when alone."""
    return dist.get_world_size() if dist.is_initialized() else 1


def device() -> torch.device:
    """This process's GPU where there is one, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def barrier() -> None:
    """Waits until every process is here."""
    if dist.is_initialized():
        dist.barrier()


def refuse_split_groups(batch: int, group: int) -> None:
    """Refuses a batch whose minibatch-deviation groups would not be those of one process.

    Args:
        batch: images per step over all processes.
        group: the discriminator's wished group.

    Raises:
        ConfigError: a process's share is no multiple of the group.
    """
    whole, share = group_size(batch, group), batch // world_size()
    if share % whole:
        raise ConfigError(
            f"batch: {batch} over {world_size()} processes leaves {share} each, no multiple of the "
            f"{whole} images that the discriminator compares; choose a multiple of "
            f"{whole * world_size()}"
        )


def refuse_split_path(batch: int, shrink: int) -> None:
    """Refuses a batch of whose path length samples the processes would hold unequal numbers.

    Args:
        batch: images per step over all processes.
        shrink: one sample in so many takes part in the path length.

    Raises:
        ConfigError: several processes share the batch and a share is no multiple of `shrink`.
    """
    share = batch // world_size()
    if world_size() > 1 and share % shrink:
        raise ConfigError(
            f"batch: {batch} over {world_size()} processes leaves {share} each, no multiple of "
            f"path_shrink, {shrink}; choose a multiple of {shrink * world_size()}"
        )


def average_gradients(module: nn.Module) -> None:
    """Replaces each gradient by its mean over processes, in one flat all-reduce.

    A parameter that took no part in the loss gets a gradient of zero, so that every process sends
    the same layout and a step means the same alone and together.
    """
    parameters = [p for p in module.parameters() if p.requires_grad]
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    if dist.is_initialized():
        gradients = [p.grad for p in parameters]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        for gradient, part in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))


def from_main(number: int) -> int:
    """The main process's number, so that all processes turn the same way."""
    if not dist.is_initialized():
        return number
    answer = torch.tensor(number)
    dist.broadcast(answer, 0)
    return int(answer)


def smallest(number: int) -> int:
    """The smallest of all processes' numbers."""
    if not dist.is_initialized():
        return number
    answer = torch.tensor(number)
    dist.all_reduce(answer, dist.ReduceOp.MIN)
    return int(answer)


def gather(value: Tensor) -> Tensor:
    """All processes' values, [processes, ...] by rank, on the CPU, without gradient."""
    value = value.detach().cpu()
    if not dist.is_initialized():
        return value[None].clone()
    values = [torch.empty_like(value) for _ in range(dist.get_world_size())]
    dist.all_gather(values, value)
    return torch.stack(values)


def mean(value: Tensor) -> Tensor:
    """Mean of a scalar over processes, without gradient."""
    value = value.detach().clone()
    if dist.is_initialized():
        dist.all_reduce(value)
        value /= dist.get_world_size()
    return value
