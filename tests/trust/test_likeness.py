import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.metrics import auroc
from lpr_gfpgan.trust.likeness import (
    SCORES,
    fit_likeness,
    fit_logistic,
    frame_figures,
    threshold_between,
)


def clouds(n, seed, *, shift):
    rng = np.random.default_rng(seed)
    return rng.normal(shift, 1, (n, SCORES + 6))


def test_the_fit_tells_the_two_sides_apart_on_others():
    fitted = fit_likeness(clouds(300, 0, shift=0.5), clouds(80, 1, shift=-0.5))
    values = [fitted.of(clouds(200, seed, shift=s)) for seed, s in ((2, 0.5), (3, -0.5))]
    rank = 1 / (1 + np.exp(-np.concatenate(values)))
    assert auroc(rank, np.repeat([1, 0], 200)) > 0.97


def test_what_is_far_from_all_plates_in_no_known_direction_is_less_like_one():
    rng = np.random.default_rng(0)
    plates = rng.normal(0, 1, (500, SCORES + 6))
    # Others stand on both sides of the plates: a linear score alone has nothing to go by.
    others = plates.copy()
    others[:, SCORES:] *= 4
    fitted = fit_likeness(plates, others)
    near, far = (np.zeros((1, SCORES + 6)) for _ in range(2))
    near[:, SCORES:], far[:, SCORES:] = 0.5, 8.0
    assert fitted.of(near) > fitted.of(far)


def test_the_mahalanobis_distance_is_that_of_the_plates():
    plates = clouds(5000, 0, shift=0.0)
    fitted = fit_likeness(plates, clouds(100, 1, shift=2.0))
    assert np.allclose(fitted.trunk_mean, 0, atol=0.1)
    assert np.allclose(fitted.trunk_precision, np.eye(6), atol=0.1)


def test_newton_finds_the_logistic_weights():
    rng = np.random.default_rng(0)
    inputs = np.stack([np.ones(20_000), rng.normal(size=20_000)], 1)
    hits = rng.random(20_000) < 1 / (1 + np.exp(-(inputs @ [0.3, -1.2])))
    share = np.full(20_000, 1 / 20_000)
    assert np.allclose(fit_logistic(inputs, hits, share, np.zeros(2)), [0.3, -1.2], atol=0.06)
    base = inputs @ [0.3, -1.2]
    assert np.allclose(fit_logistic(inputs, hits, share, np.zeros(2), base), 0, atol=0.06)


def test_separable_sides_keep_finite_weights():
    inputs = np.stack([np.ones(10), np.repeat([-1.0, 1.0], 5)], 1)
    found = fit_logistic(inputs, np.repeat([0, 1], 5), np.full(10, 0.1), np.full(2, 0.01))
    assert np.isfinite(found).all() and found[1] > 1


def test_the_threshold_serves_the_worst_off_set():
    plates = [np.array([3.0, 4, 5, 6]), np.array([1.0, 3, 4, 5])]
    others = [np.array([-1.0, 0, 0.5, 2]), np.array([-3.0, -2, -1, -1])]
    threshold = threshold_between(plates, others)
    # Between 2 and 3 one blurred plate in four is refused, between 0.5 and 1 one non-plate passes.
    assert 0.5 < threshold < 1
    assert 5 < threshold_between([np.array([6.0])], [np.array([5.0])]) < 6


def test_figures_do_not_depend_on_the_batch(reader):
    frames = np.random.default_rng(0).integers(0, 256, (5, 32, 64, 3), np.uint8)
    together = frame_figures(reader, frames)
    alone = np.concatenate([frame_figures(reader, [frame]) for frame in frames])
    assert together.shape == (5, SCORES + 16) and np.isfinite(together).all()
    assert np.allclose(together, alone, atol=1e-4)


def test_figures_look_at_the_corners_given(reader):
    frames = np.random.default_rng(0).integers(0, 256, (1, 32, 64, 3), np.uint8)
    quad = np.array([[[8, 10], [50, 10], [50, 24], [8, 24]]], float)
    assert not np.allclose(frame_figures(reader, frames), frame_figures(reader, frames, quad))


def test_wrong_input_is_named(reader):
    frames = [np.zeros((32, 64, 3), np.uint8)]
    with pytest.raises(DataError, match="no frames"):
        frame_figures(reader, [])
    with pytest.raises(DataError, match="1 frames but 2 quads"):
        frame_figures(reader, frames, np.zeros((2, 4, 2)))
    with pytest.raises(DataError, match="got 1 and 5"):
        fit_likeness(clouds(1, 0, shift=0), clouds(5, 0, shift=0))
    with pytest.raises(DataError, match="not finite"):
        fit_likeness(clouds(5, 0, shift=np.nan), clouds(5, 0, shift=0))
