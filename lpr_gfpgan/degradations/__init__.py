"""Degradations: how a sharp plate becomes the image that a camera delivers.

The physical order, and the grid on which each step acts:

1. motion and defocus, in the scene's light, on the frame (H x W): their transfer functions are
   multiplied and applied in one pass through the Fourier domain, with mirrored borders;
2. downsample: a coarser sensor, area averaging to the small image's grid (h x w);
3. noise, on the small image: a constant part and a part that grows with the light;
4. JPEG with 4:2:0 chroma, on the small image;
5. enlarged to the frame again, bicubic (or bilinear, as a plain reader's own resize does).

A published order that blurs after noise and compression smooths both away; it is kept in
`as_published`, with that code's other quirks, to measure what they do.

Units. Images are float32 [B, 3, H, W], RGB in [-1, 1]. `DegradationRanges` speaks in fractions of
the plate's width, in px of the plate on the small image, and in levels of 0..255 for noise, so the
same ranges serve every frame size; `draw` turns them into `DegradationParameters`, in px of the
frame, one value per sample. Angles are degrees, 0 = horizontal, counter-clockwise as seen.

A draw depends on (seed, step, sample) alone and is returned, so that any image can be made again
(`to_rows`, `from_rows`); a sample gives the same result alone, in a batch, or on another process.

Sources: bicubic, Gaussian, noise and JPEG degradation of faces in GFP-GAN (Wang et al., CVPR 2021);
motion blur in it for plates is the first contribution of Huang and Wei (2024), doi
10.21203/rs.3.rs-4798789/v1.
"""

from lpr_gfpgan.degradations.as_published import (
    degrade_as_published,
    motion_kernel_as_published,
    taps_as_published,
)
from lpr_gfpgan.degradations.convolution import blur
from lpr_gfpgan.degradations.defocus import disk_kernel, gaussian_kernel, gaussian_reach
from lpr_gfpgan.degradations.downsampling import downsample, enlarge
from lpr_gfpgan.degradations.jpeg import jpeg_exact, jpeg_fast
from lpr_gfpgan.degradations.motion import motion_kernel
from lpr_gfpgan.degradations.noise import add_noise
from lpr_gfpgan.degradations.parameters import DegradationParameters
from lpr_gfpgan.degradations.pipeline import degrade
from lpr_gfpgan.degradations.point_spread import point_spread, point_spread_reach
from lpr_gfpgan.degradations.ranges import DegradationRanges
from lpr_gfpgan.degradations.sampler import draw

__all__ = [
    "DegradationParameters",
    "DegradationRanges",
    "add_noise",
    "blur",
    "degrade",
    "degrade_as_published",
    "disk_kernel",
    "downsample",
    "draw",
    "enlarge",
    "gaussian_kernel",
    "gaussian_reach",
    "jpeg_exact",
    "jpeg_fast",
    "motion_kernel",
    "motion_kernel_as_published",
    "point_spread",
    "point_spread_reach",
    "taps_as_published",
]
