"""Where networks run."""

import torch

from ..errors import ConfigError


def choose_device(name: torch.device | str | None = None) -> torch.device:
    """The device of that name, or a GPU if there is one.

    Raises:
        ConfigError: this machine has no such device.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):  # torch asserts that it was built with CUDA
        if torch.cuda.is_available():
            reason = "not on this machine; use cpu or cuda"
        elif str(name).startswith("cuda"):
            reason = "this machine has no CUDA device that torch can use; use cpu"
        else:
            reason = "not on this machine; use cpu"
        raise ConfigError(f"device {str(name)!r}: {reason}") from None
    return device
