"""Means over a batch whose members do not count equally."""

from torch import Tensor


def average(values: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean of one value per member, or their weighted sum.

    Args:
        values: [N] or [N, ...]; what stands behind N is averaged first.
        weights: [N], taken as they are (not normalised). A process that holds part of a batch
            passes the weights of its own mean, so that the mean over processes is the mean over
            the whole batch.
    """
    values = values.flatten(1).mean(1) if values.dim() > 1 else values
    return values.mean() if weights is None else (values * weights).sum()
