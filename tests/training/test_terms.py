"""Every term of the objective teaches the restorer, and only what it should teach."""

import dataclasses

import pytest
import torch

from lpr_gfpgan.networks import Restoration
from lpr_gfpgan.settings import LossWeights
from lpr_gfpgan.training import objective as objective_module
from lpr_gfpgan.training import regions as regions_module
from lpr_gfpgan.training.restorer import RestorerTask

TERMS = [field.name for field in dataclasses.fields(LossWeights)]
PATHS = {"unet", "encoder", "transforms"}
# The opponent that a term looks through has a gradient too; an update of the restorer discards it.
OPPONENTS = {"adversarial": "discriminator", "region": "region", "region_style": "region"}


class Bench:
    """One batch, one restorer, the objective of the `full` variant."""

    def __init__(self, study):
        self.task = RestorerTask(study, "full", 0, torch.device("cpu"))
        self.batch, self.image = self.task.stream(0)
        self.regions = self.task.find_regions(self.batch)
        self.task.stream.close()

    def terms(self, alter=lambda image: image):
        restoration = self.task.restorer(self.image)
        image = alter(restoration.image)
        pyramid = [alter(p) for p in restoration.pyramid]
        return self.task.objective(Restoration(image, pyramid), self.batch, self.regions)

    def gradients(self, loss):
        """Gradients by parameter name, of every network of the task; None where there is none.

        A plain backward: whatever the loss could teach shows, not only what an update asks for.
        """
        networks = {
            "restorer": self.task.restorer,
            "discriminator": self.task.adversary.network,
            "region": self.task.region,
            "reader": self.task.objective.reader,
            "perceptual": self.task.objective.perceptual,
        }
        for network in networks.values():
            network.zero_grad(set_to_none=True)
        loss.backward()
        return {
            f"{name}.{key}": parameter.grad
            for name, network in networks.items()
            for key, parameter in network.named_parameters()
        }


@pytest.fixture(params=["frozen", "tuned"])
def bench(request, change):
    return Bench(change(decoder=request.param))


@pytest.mark.parametrize("term", TERMS)
def test_each_term_reaches_unet_encoder_and_transforms_and_nothing_else(bench, term):
    gradients = bench.gradients(bench.terms()[term])
    reached = {name for name, g in gradients.items() if g is not None and g.abs().max() > 0}
    assert all(torch.isfinite(g).all() for g in gradients.values() if g is not None)
    parts = {name.split(".")[1] for name in reached if name.startswith("restorer.")}
    # The pyramid is the U-Net's own picture: it teaches the U-Net and its RGB heads alone.
    expected = {"unet", "rgb"} if term == "pyramid" else PATHS
    assert expected <= parts
    networks = {name.split(".")[0] for name in reached}
    assert networks - {"restorer"} == ({OPPONENTS[term]} if term in OPPONENTS else set())
    for network in (bench.task.objective.reader, bench.task.objective.perceptual):
        assert not any(p.requires_grad or p.grad is not None for p in network.parameters())
    if bench.task.settings.decoder == "frozen":
        assert "decoder" not in parts
    elif term != "pyramid":
        assert "decoder" in parts
    assert not any(name.startswith("restorer.decoder.mapping") for name in reached)


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("cut", [torch.Tensor.detach, torch.round], ids=["detached", "rounded"])
def test_a_term_on_a_detached_or_rounded_output_teaches_nothing(change, term, cut):
    """The published recognition loss read a rounded copy: this is how it would be found out."""
    bench = Bench(change())
    loss = bench.terms(alter=lambda image: cut(image * 127.5) / 127.5)[term]
    # Discriminators still have gradients of their own; none may come through the image.
    gradients = bench.gradients(loss) if loss.requires_grad else {}
    taught = {name for name, g in gradients.items() if g is not None and g.abs().max() > 0}
    assert not {name for name in taught if name.split(".")[0] != OPPONENTS.get(term)}


@pytest.mark.parametrize("term", TERMS)
def test_twenty_small_steps_on_a_term_alone_lower_it(change, term):
    bench = Bench(change(decoder="frozen"))
    parameters = [p for p in bench.task.restorer.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=1e-3)
    first = bench.terms()[term].item()
    for _ in range(20):
        optimiser.zero_grad()
        bench.terms()[term].backward(inputs=parameters)
        optimiser.step()
    assert bench.terms()[term].item() < first


FUNCTIONS = {
    "l1": (objective_module, "l1"),
    "pyramid": (objective_module, "pyramid_l1"),
    "perceptual": (objective_module, "feature_distance"),
    "style": (objective_module, "gram_distance"),
    "adversarial": (objective_module, "generator_nonsaturating"),
    "region": (regions_module, "generator_nonsaturating"),
    "region_style": (regions_module, "gram_distance"),
    "recognition": (objective_module, "slot_cross_entropy"),
}


@pytest.mark.parametrize("term", TERMS)
def test_weight_zero_calls_nothing_and_leaves_other_gradients_as_they_were(
    change, term, monkeypatch
):
    bench = Bench(change())
    objective = bench.task.objective
    terms = bench.terms()
    others = {name: value for name, value in terms.items() if name != term}
    expected = bench.gradients(objective.total(others))
    weights = dataclasses.replace(objective.weights, **{term: 0.0})
    bench.task.objective = dataclasses.replace(objective, weights=weights)

    def refuse(*_, **__):
        raise AssertionError(f"{term} was computed at weight 0")

    monkeypatch.setattr(*FUNCTIONS[term], refuse)
    found = bench.terms()
    assert list(found) == list(others)
    gradients = bench.gradients(bench.task.objective.total(found))
    for name, gradient in expected.items():
        if gradient is None:
            assert gradients[name] is None
        else:
            assert torch.equal(gradients[name], gradient), name


def test_ctc_is_the_alternative_to_slots(change):
    bench = Bench(change(recognition="ctc"))
    loss = bench.terms()["recognition"]
    gradients = bench.gradients(loss)
    assert torch.isfinite(loss) and gradients["restorer.unet.enter.weight"].abs().max() > 0


@pytest.mark.parametrize("recognition", ["slots", "ctc"])
def test_recognition_moves_the_characters_alone_or_the_whole_plate(change, recognition):
    moved = {}
    for where in ("characters", "plate"):
        bench = Bench(change(recognition=recognition, recognition_on=where))
        given = bench.image.clone().requires_grad_()
        terms = bench.task.objective(
            Restoration(given, []), bench.batch, bench.regions, pyramid=False
        )
        (gradient,) = torch.autograd.grad(terms["recognition"], given)
        moved[where] = gradient.abs().sum(1) > 0
    boxes = bench.batch.character_boxes
    inside = characters_mask(boxes, given.shape[-2:])
    assert moved["characters"].any() and not (moved["characters"] & ~inside).any()
    assert (moved["plate"] & ~inside).any()
    assert torch.equal(moved["characters"], moved["plate"] & inside)


def characters_mask(boxes, size):
    """Pixels that lie in a box or within 6/90 of its height, one after the other."""
    inside = torch.zeros(len(boxes), *size, dtype=torch.bool)
    for number, plate in enumerate(boxes.tolist()):
        for x0, y0, x1, y1 in plate:
            around = 6 / 90 * (y1 - y0)
            for y in range(size[0]):
                for x in range(size[1]):
                    tall = y0 - around <= y + 0.5 <= y1 + around
                    wide = x0 - around <= x + 0.5 <= x1 + around
                    inside[number, y, x] |= y1 > y0 and tall and wide
    return inside


@pytest.mark.parametrize(
    ("variant", "absent"),
    [
        ("no_recognition_loss", {"recognition"}),
        ("no_region_discriminator", {"region", "region_style"}),
        ("face_recipe", {"recognition", "region", "region_style"}),
        ("warmup", set(TERMS) - {"l1", "pyramid"}),
    ],
)
def test_variants_leave_out_what_they_name(trained, variant, absent):
    task = RestorerTask(trained, variant, 0, torch.device("cpu"))
    task.stream.close()
    weights = vars(task.objective.weights)
    assert {name for name, weight in weights.items() if weight == 0} == absent
    assert (task.objective.reader is None) == ("recognition" in absent)
    assert (task.region is None) == ("region" in absent)
    motion = variant not in ("face_recipe", "warmup")
    assert (task.ranges.motion_probability > 0) == motion
