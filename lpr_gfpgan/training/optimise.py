"""How one network takes one step."""

import copy
import math

import torch
from torch import Tensor, nn

from ..settings import AdversarySettings
from .distributed import average_gradients


def adam(
    module: nn.Module, *, learning_rate: float, betas: tuple[float, float], lazy_every: int = 0
) -> torch.optim.Adam:
    """Adam for the parameters of `module` that require a gradient.

    Args:
        module: the network.
        learning_rate: per step.
        betas: decay of the two moments.
        lazy_every: a regulariser takes an extra step every so many steps; rate and betas are then
            corrected by c = n / (n + 1) (Karras et al. 2020, appendix B). 0: there is none.

    Returns:
        The optimiser; its groups keep the corrected rate as "initial_lr", see `falling_rate`.
    """
    c = lazy_every / (lazy_every + 1) if lazy_every else 1.0
    parameters = [p for p in module.parameters() if p.requires_grad]
    rate = learning_rate * c
    return torch.optim.Adam(
        [{"params": parameters, "initial_lr": rate}],
        lr=rate,
        betas=(float(betas[0] ** c), float(betas[1] ** c)),
        fused=True,  # one pass over memory instead of one for each operation
    )


def adversary_adam(module: nn.Module, settings: AdversarySettings) -> torch.optim.Adam:
    """Adam for a discriminator, corrected for its lazy R1 penalty."""
    return adam(
        module,
        learning_rate=settings.learning_rate,
        betas=(settings.beta1, settings.beta2),
        lazy_every=settings.r1_every if settings.r1 else 0,
    )


def due_r1(settings: AdversarySettings, step: int) -> float:
    """Weight of the lazy R1 penalty at `step`: gamma / 2 times its interval where due, else 0.

    Karras et al. 2020, section 3.1: a penalty taken every n steps weighs n times as much.
    """
    due = settings.r1 and step % settings.r1_every == 0
    return settings.r1 / 2 * settings.r1_every if due else 0.0


def falling_rate(optimiser: torch.optim.Optimizer, *, step: int, steps: int) -> None:
    """Sets the rate of `step`: up a straight line for a twentieth of `steps`, then half a cosine.

    Args:
        optimiser: whose rate to set, made by `adam`. The highest rate is the one it was made
            with; the last steps come down to a hundredth of it.
        step: from 0.
        steps: of the whole training.
    """
    rise = max(1, steps // 20)
    fall = 0.505 + 0.495 * math.cos(math.pi * max(0, step - rise) / max(1, steps - rise))
    for group in optimiser.param_groups:
        group["lr"] = group["initial_lr"] * min(1.0, (step + 1) / rise) * fall


def update(module: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Takes one step of `module` alone down `loss`; the other networks are only looked through."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward(inputs=[p for p in module.parameters() if p.requires_grad])
    average_gradients(module)
    optimiser.step()


class Ema(nn.Module):
    """Exponential moving average of a network's parameters: what is judged and released.

    Args:
        module: the network that trains.
        half_life: images after which a weight counts half. Early on it is half of the images
            seen, so that the random start is forgotten.
    """

    def __init__(self, module: nn.Module, *, half_life: float) -> None:
        super().__init__()
        self.half_life = half_life
        self.module = copy.deepcopy(module).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, module: nn.Module, *, batch: int, seen: int) -> None:
        """Moves the average towards `module`.

        Args:
            module: the network after its step.
            batch: images of that step, over all processes.
            seen: images so far, this step's included.
        """
        decay = 0.5 ** (batch / max(min(self.half_life, 0.5 * seen), 1e-8))
        average = [t for t in self.module.state_dict().values() if t.is_floating_point()]
        current = [t for t in module.state_dict().values() if t.is_floating_point()]
        torch._foreach_lerp_(average, current, 1 - decay)
