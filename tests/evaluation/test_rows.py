"""What a row's image measures look at: the plate's box, its surroundings, or the whole frame."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation.rows import image_columns, read_rows, surroundings_error, write_table
from lpr_gfpgan.metrics import crop_box, psnr, ringing


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
    assert (table["mse_surroundings"] > table["mse_frame"]).all()


def test_a_change_on_the_plate_weighs_more_there_than_in_the_frame(plates):
    images = changed(plates, inside=True)
    table = image_columns(plates, images)
    assert (table["psnr_plate"] < table["psnr_frame"]).all()
    assert (table["mse_plate"] > table["mse_frame"]).all()
    difference = (images.astype(float) - plates.image) ** 2
    assert table["mse_frame"].to_numpy() == pytest.approx(difference.mean(axis=(1, 2, 3)))
    assert (table["mse_surroundings"] == 0).all() and np.isposinf(table["psnr_surroundings"]).all()


def test_surroundings_are_the_frame_without_the_pixels_that_the_box_touches(plates):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, plates.image.shape, np.uint8)
    table = image_columns(plates, images)
    for number, box in enumerate(plates.batch.box.numpy()):
        outside = np.ones(images.shape[1:3], bool)
        crop_box(outside, box)[...] = False
        pair = plates.image[number][outside], images[number][outside]
        squares = (pair[0].astype(int) - pair[1]) ** 2
        assert table["mse_surroundings"][number] == pytest.approx(squares.mean(), rel=1e-12)
        assert table["psnr_surroundings"][number] == pytest.approx(psnr(*pair))


def test_ringing_is_that_of_the_plate_s_box(plates):
    images = np.clip(plates.image.astype(int) * 2 - 100, 0, 255).astype(np.uint8)
    table = image_columns(plates, images)
    expected = [
        ringing(original, image, box=box)
        for original, image, box in zip(plates.image, images, plates.batch.box.numpy(), strict=True)
    ]
    assert table["ringing_plate"].tolist() == expected and min(expected) > 0
    assert (image_columns(plates, plates.image)["ringing_plate"] == 0).all()


def test_a_plate_that_fills_the_frame_has_no_surroundings(plates):
    box = plates.batch.box.clone()
    box[0] = torch.tensor([-1.0, -1.0, 65.0, 33.0])
    full = dataclasses.replace(plates, batch=dataclasses.replace(plates.batch, box=box))
    table = image_columns(full, changed(plates, inside=True))
    columns = ["mse_surroundings", "psnr_surroundings"]
    assert table[columns].isna().to_numpy().tolist() == [[True, True]] + [[False, False]] * (
        len(plates) - 1
    )
    assert table.drop(columns=columns).notna().to_numpy().all()
    same = np.zeros((4, 6, 3), np.uint8)
    assert np.isnan(surroundings_error(same, same, (0, 0, 6, 4)))
    assert surroundings_error(same, same + 3, (0, 0, 6, 3)) == 9


def test_missing_surroundings_survive_the_file_and_nothing_else_may_be_missing(
    evaluation, tmp_path
):
    lacking = evaluation.rows.copy()
    lacking.loc[3, ["mse_surroundings", "psnr_surroundings"]] = np.nan
    write_table(tmp_path / "rows.csv.gz", lacking)
    pd.testing.assert_frame_equal(read_rows(tmp_path / "rows.csv.gz"), lacking, rtol=1e-5)
    lacking.loc[3, "psnr_plate"] = np.nan
    write_table(tmp_path / "bad.csv.gz", lacking)
    with pytest.raises(DataError, match="damaged"):
        read_rows(tmp_path / "bad.csv.gz")
