"""Shapes and sizes checked where they enter a network, with the offending argument named."""

from collections.abc import Sequence

from torch import Tensor

from ..errors import ConfigError, LprError


def expect_shape(name: str, tensor: Tensor, *sizes: int | None) -> None:
    """Refuse a tensor of another shape.

    Args:
        name: the argument's name, for the message.
        tensor: what was given.
        *sizes: the size of each dimension; None accepts any.

    Raises:
        LprError: the number of dimensions or one of the sizes differs.
    """
    fits = tensor.dim() == len(sizes) and all(
        wanted is None or wanted == given for wanted, given in zip(sizes, tensor.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in sizes)
        raise LprError(f"{name} has shape {list(tensor.shape)}; give it as [{wanted}]")


def whole_numbers(name: str, values: Sequence[int], *, least: int = 1) -> tuple[int, ...]:
    """Return `values` as a tuple of integers.

    Args:
        name: the argument's name, for the message.
        values: a non-empty sequence of whole numbers.
        least: the smallest number accepted.

    Raises:
        ConfigError: the sequence is empty, or a value is no whole number or too small.
    """
    values = tuple(values) if isinstance(values, Sequence) and not isinstance(values, str) else ()
    right = all(isinstance(v, int) and not isinstance(v, bool) and v >= least for v in values)
    if not values or not right:
        raise ConfigError(f"{name} is {list(values)}; give whole numbers of at least {least}")
    return values


def height_and_width(name: str, values: Sequence[int]) -> tuple[int, int]:
    """Return `values` as (height, width), both at least 1.

    Raises:
        ConfigError: these are not two positive whole numbers.
    """
    values = whole_numbers(name, values)
    if len(values) != 2:
        raise ConfigError(f"{name} is {list(values)}; give a height and a width")
    return values


def full_size(base: tuple[int, int], levels: int) -> tuple[int, int]:
    """Return (height, width) of the finest of `levels` resolutions, each double the one before."""
    return base[0] << (levels - 1), base[1] << (levels - 1)
