"""What was drawn: everything needed to degrade the same image in the same way again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from lpr_gfpgan.errors import DataError

INTEGERS = ("small_width", "small_height", "jpeg_quality", "noise_key")


@dataclass(frozen=True, kw_only=True)
class DegradationParameters:
    """One value per sample in every field; B samples. Lengths are pixels of the frame.

    Attributes:
        motion_length: float32 [B] px, 0 = no motion.
        motion_angle: float32 [B] degrees 0..180, counter-clockwise as seen.
        motion_last: bool [B], motion after noise and JPEG instead of before (an ablation).
        sigma_major: float32 [B] px, the Gaussian's longer axis, 0 = none.
        sigma_minor: float32 [B] px, its shorter axis.
        sigma_angle: float32 [B] degrees of the longer axis.
        disk_radius: float32 [B] px, 0 = none.
        small_width: int64 [B] px, the small image's grid; the frame's width when not downsampled.
        small_height: int64 [B] px, likewise.
        noise_sigma: float32 [B] levels of 0..255.
        signal_gain: float32 [B] variance per level of intensity, levels of 0..255.
        jpeg_quality: int64 [B] 1..100, 0 = none.
        noise_key: int64 [B], names the noise field.
    """

    motion_length: Tensor
    motion_angle: Tensor
    motion_last: Tensor
    sigma_major: Tensor
    sigma_minor: Tensor
    sigma_angle: Tensor
    disk_radius: Tensor
    small_width: Tensor
    small_height: Tensor
    noise_sigma: Tensor
    signal_gain: Tensor
    jpeg_quality: Tensor
    noise_key: Tensor

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.motion_length)

    def select(self, index: Tensor | Sequence[int] | slice) -> "DegradationParameters":
        """The samples at `index`: positions int64 [N], a mask bool [B], a list or a slice."""
        if not isinstance(index, slice):
            index = torch.as_tensor(index, device=self.motion_length.device)
        return DegradationParameters(
            **{field.name: getattr(self, field.name)[index] for field in fields(self)}
        )

    def to(
        self, device: torch.device | str, *, non_blocking: bool = False
    ) -> "DegradationParameters":
        """The same parameters on another device."""
        return DegradationParameters(
            **{
                field.name: getattr(self, field.name).to(device, non_blocking=non_blocking)
                for field in fields(self)
            }
        )

    def to_rows(self) -> list[dict[str, float | int | bool]]:
        """One plain dictionary per sample; `from_rows` gives back the same bits."""
        columns = {field.name: getattr(self, field.name).tolist() for field in fields(self)}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    @classmethod
    def from_rows(
        cls, rows: Sequence[Mapping[str, float | int | bool]], device: torch.device | str = "cpu"
    ) -> "DegradationParameters":
        """Rebuilds parameters from rows; further columns of a row are passed over.

        Raises:
            DataError: a row lacks a field.
        """
        columns = {}
        for field in fields(cls):
            try:
                values = [row[field.name] for row in rows]
            except KeyError as error:
                raise DataError(
                    f"degradation row without {field.name}: write rows with to_rows"
                ) from error
            columns[field.name] = torch.tensor(values, dtype=_dtype(field.name), device=device)
        return cls(**columns)

    @classmethod
    def none(
        cls, batch: int, height: int, width: int, device: torch.device | str = "cpu"
    ) -> "DegradationParameters":
        """Parameters that leave a batch of frames of height x width px as it is."""
        columns = {
            field.name: torch.zeros(batch, dtype=_dtype(field.name), device=device)
            for field in fields(cls)
        }
        columns["small_width"] += width
        columns["small_height"] += height
        return cls(**columns)


def _dtype(name: str) -> torch.dtype:
    if name == "motion_last":
        return torch.bool
    return torch.int64 if name in INTEGERS else torch.float32
