import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lpr_gfpgan.errors import LprError, WeightsError
from lpr_gfpgan.losses import (
    DiscriminatorFeatures,
    Vgg19Features,
    ctc_loss,
    discriminator_logistic,
    feature_distance,
    generator_nonsaturating,
    gram,
    gram_distance,
    l1,
    on_characters,
    path_lengths,
    path_penalty,
    pyramid_l1,
    r1_penalty,
    slot_cross_entropy,
)
from lpr_gfpgan.networks import Discriminator

GENERATOR = torch.Generator()


@pytest.fixture(autouse=True)
def reseed():
    GENERATOR.manual_seed(0)


def random(*shape):
    return torch.randn(*shape, generator=GENERATOR)


def test_logistic_game_at_known_values():
    zero = torch.zeros(4, 1)
    assert generator_nonsaturating(zero).item() == pytest.approx(math.log(2))
    assert discriminator_logistic(zero, zero).item() == pytest.approx(2 * math.log(2))
    sure = torch.full((4, 1), 20.0)
    assert discriminator_logistic(sure, -sure).item() == pytest.approx(0, abs=1e-6)
    assert generator_nonsaturating(-sure).item() == pytest.approx(20)


def test_weights_replace_the_mean():
    logits = random(3, 1)
    weights = torch.tensor([0.5, 0.25, 0.0])
    expected = (F.softplus(-logits[:, 0]) * weights).sum()
    assert generator_nonsaturating(logits, weights).item() == pytest.approx(expected.item())
    equal = torch.full((3,), 1 / 3)
    plain, weighted = (discriminator_logistic(logits, -logits, w) for w in (None, equal))
    assert plain.item() == pytest.approx(weighted.item())


def test_a_gradient_passes_in_the_boxes_of_characters_alone():
    image = random(2, 3, 24, 40).requires_grad_()
    boxes = torch.zeros(2, 8, 4)
    boxes[0, 0] = torch.tensor([3.0, 4.0, 10.0, 19.0])  # 15 px high, so 1 px around it
    boxes[0, 3] = torch.tensor([20.0, 4.0, 25.0, 19.0])
    boxes[1, 0] = torch.tensor([30.0, 2.0, 39.0, 17.0])
    seen = on_characters(image, boxes)
    assert torch.equal(seen, image)
    weights = random(2, 3, 24, 40)
    (gradient,) = torch.autograd.grad((seen * weights).sum(), image)
    inside = torch.zeros(2, 1, 24, 40)
    inside[0, :, 3:20, 2:11] = 1
    inside[0, :, 3:20, 19:26] = 1
    inside[1, :, 1:18, 29:40] = 1
    assert torch.equal(gradient, weights * inside)
    (none,) = torch.autograd.grad(on_characters(image, torch.zeros(2, 8, 4)).sum(), image)
    assert not none.any()  # no characters, not even at the corner that empty boxes name


def test_l1_and_pyramid_at_known_values():
    target = torch.zeros(2, 3, 8, 16)
    assert l1(target + 0.25, target).item() == 0.25
    pyramid = [torch.full((2, 3, 4, 8), 0.5), torch.full((2, 3, 8, 16), 0.25)]
    assert pyramid_l1(pyramid, target).item() == 0.75


def test_r1_of_a_linear_discriminator_is_its_squared_weight():
    weight = random(3 * 4 * 4)
    image = random(5, 3, 4, 4).requires_grad_(True)
    penalty = r1_penalty(image.flatten(1) @ weight, image)
    assert penalty.item() == pytest.approx(weight.square().sum().item(), rel=1e-5)


def test_path_length_of_a_linear_generator():
    matrix = random(2 * 4, 3 * 2 * 2).double()
    codes = random(6, 2, 4).double().requires_grad_(True)
    image = (codes.flatten(1) @ matrix).view(6, 3, 2, 2)
    noise = random(6, 3, 2, 2).double()
    per_layer = (noise.flatten(1) @ matrix.T / 2).view(6, 2, 4).square().sum(2)
    assert torch.allclose(path_lengths(image, codes, noise), per_layer.mean(1).sqrt())
    assert path_penalty(torch.tensor([1.0, 3.0]), torch.tensor(2.0)).item() == 1.0


def test_gram_at_known_values():
    features = torch.ones(1, 2, 3, 4)
    assert torch.allclose(gram(features), torch.full((1, 2, 2), 12 / 24))
    shifted = [(0.5, features + 1)]
    assert gram_distance(shifted, [(0.5, features)]).item() == pytest.approx(0.5 * (2.0 - 0.5))
    assert feature_distance(shifted, [(0.5, features)]).item() == pytest.approx(0.5)


def test_slot_loss_counts_present_characters_only():
    labels = torch.tensor([[1, 2, 0, 0], [3, 1, 2, 0]])
    logits = random(2, 4, 5).requires_grad_(True)
    expected = torch.stack(
        [F.cross_entropy(logits[b, :k], labels[b, :k]) for b, k in ((0, 2), (1, 3))]
    ).mean()
    loss = slot_cross_entropy(logits, labels)
    assert loss.item() == pytest.approx(expected.item())
    loss.backward()
    assert logits.grad[labels == 0].abs().max() == 0
    assert logits.grad[labels > 0].abs().amin(1).min() > 0


def test_ctc_is_finite_for_a_text_of_one_character_repeated_eight_times():
    logits = random(1, 16, 5).requires_grad_(True)
    loss = ctc_loss(logits, torch.full((1, 8), 3), torch.tensor([8]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all() and logits.grad.abs().max() > 0


def test_ctc_refuses_too_few_steps():
    with pytest.raises(LprError, match="logits: 15 time steps"):
        ctc_loss(random(1, 15, 5), torch.full((1, 8), 3), torch.tensor([8]))


def test_ctc_equals_the_probability_of_all_paths_by_brute_force():
    logits = random(1, 16, 2)
    log_p = F.log_softmax(logits[0], 1)
    # The text "1": every path is one unbroken run of ones among blanks.
    paths = [
        sum(log_p[t, 1 if first <= t <= last else 0] for t in range(16))
        for first in range(16)
        for last in range(first, 16)
    ]
    expected = -torch.logsumexp(torch.stack(paths), 0)
    assert ctc_loss(logits, torch.tensor([[1]]), torch.tensor([1])).item() == pytest.approx(
        expected.item(), rel=1e-5
    )


def test_discriminator_features_are_frozen_and_pass_gradients():
    discriminator = Discriminator(base=(4, 8), channels=[8, 8, 8])
    features = DiscriminatorFeatures(discriminator)
    image = random(2, 3, 16, 32).requires_grad_(True)
    feature_distance(features(image), features(torch.zeros_like(image))).backward()
    assert image.grad.abs().max() > 0
    assert all(p.grad is None for p in discriminator.parameters())


def test_vgg19_loads_a_state_dict_by_path_and_compares_before_the_rectifier(tmp_path):
    from torchvision.models import vgg19

    path = tmp_path / "vgg19.pth"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(vgg19(weights=None).state_dict(), path)
    features = Vgg19Features(path)
    image = random(1, 3, 32, 64).requires_grad_(True)
    taps = features(image)
    assert [w for w, _ in taps] == [0.1, 0.1, 1.0, 1.0, 1.0]
    assert [f.shape[1] for _, f in taps] == [64, 128, 256, 512, 512]
    assert all(f.min() < 0 for _, f in taps)
    feature_distance(taps, features(torch.zeros_like(image))).backward()
    assert image.grad.abs().max() > 0
    assert all(not p.requires_grad for p in features.parameters())


def test_vgg19_refuses_missing_damaged_and_hostile_files(tmp_path):
    with pytest.raises(WeightsError, match="no such file"):
        Vgg19Features(tmp_path / "absent.pth")
    other = tmp_path / "other.pth"
    torch.save(nn.Linear(2, 2).state_dict(), other)
    with pytest.raises(WeightsError, match="not a VGG19 state dict"):
        Vgg19Features(other)
    hostile = tmp_path / "hostile.pth"
    torch.save({"run": print}, hostile)
    with pytest.raises(WeightsError, match="not a VGG19 state dict"):
        Vgg19Features(hostile)
