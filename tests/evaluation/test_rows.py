"""What a row's image measures look at: the plate's box, or the whole frame."""

import numpy as np
import pytest

from lpr_gfpgan.evaluation.rows import image_columns


def changed(plates, *, inside):
    """The plates' images, altered inside the plate's box only or outside it only."""
    images = np.asarray(plates.image).copy()
    for image, (x0, y0, x1, y1) in zip(images, plates.batch.box.numpy(), strict=True):
        mask = np.zeros(image.shape[:2], bool)
        # A pixel that the box covers in part belongs to neither.
        if inside:
            mask[int(np.ceil(y0)) : int(y1), int(np.ceil(x0)) : int(x1)] = True
        else:
            mask[: max(int(y0) - 1, 0)] = True
            mask[int(np.ceil(y1)) + 1 :] = True
        assert mask.any()
        image[mask] ^= 64
    return images


def test_surroundings_do_not_count_for_the_plate(plates):
    table = image_columns(plates, changed(plates, inside=False))
    assert len(table) == len(plates)
    assert np.isposinf(table["psnr_plate"]).all() and np.isfinite(table["psnr_frame"]).all()
    assert (table["mse_plate"] == 0).all() and (table["mse_frame"] > 0).all()
    assert np.allclose(table["ssim_plate"], 1) and (table["ssim_frame"] < 0.999).all()


def test_a_change_on_the_plate_weighs_more_there_than_in_the_frame(plates):
    images = changed(plates, inside=True)
    table = image_columns(plates, images)
    assert (table["psnr_plate"] < table["psnr_frame"]).all()
    assert (table["mse_plate"] > table["mse_frame"]).all()
    difference = (images.astype(float) - plates.image) ** 2
    assert table["mse_frame"].to_numpy() == pytest.approx(difference.mean(axis=(1, 2, 3)))
