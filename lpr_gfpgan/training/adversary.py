"""A discriminator of whole frames in training: its network, its optimiser, its lazy penalty."""

from torch import Tensor

from ..losses import discriminator_logistic, r1_penalty
from ..networks import Discriminator
from ..settings import AdversarySettings
from .optimise import adversary_adam, due_r1, update
from .stage import mixed_precision


class Adversary:
    """The opponent of a network that makes frames.

    Args:
        network: the discriminator, on its device.
        settings: its optimiser and its penalty.
    """

    def __init__(self, network: Discriminator, settings: AdversarySettings) -> None:
        self.network, self.settings = network, settings
        self.optimiser = adversary_adam(network, settings)

    @property
    def parts(self) -> dict[str, object]:
        """What a checkpoint holds of it."""
        return {"discriminator": self.network, "discriminator_optimiser": self.optimiser}

    def step(self, step: int, fake: Tensor, real: Tensor) -> dict[str, Tensor]:
        """Learns to tell fake from real, then takes the penalty R1 where it is due.

        Args:
            step: from 0.
            fake: [B, 3, H, W], made by the opponent; no gradient goes back to it.
            real: [B, 3, H, W].

        Returns:
            "discriminator", and "r1" where it was due; unweighted.
        """
        with mixed_precision(real.device):
            losses = {
                "discriminator": discriminator_logistic(
                    self.network(real).float(), self.network(fake.detach()).float()
                )
            }
            update(self.network, self.optimiser, losses["discriminator"])
        if weight := due_r1(self.settings, step):
            leaf = real.detach().requires_grad_(True)
            losses["r1"] = r1_penalty(self.network(leaf), leaf)
            update(self.network, self.optimiser, weight * losses["r1"])
        return losses
