"""One step of each game: which network it changes, by what weight, and from which reader."""

import copy
import dataclasses

import pytest
import torch

from lpr_gfpgan.networks import Discriminator, load_weights
from lpr_gfpgan.settings import LossWeights
from lpr_gfpgan.training import adversary, prior, restorer
from lpr_gfpgan.training.objective import Objective
from lpr_gfpgan.training.prior import PriorTask
from lpr_gfpgan.training.restorer import RestorerTask

CPU = torch.device("cpu")


@pytest.fixture
def change_prior(trained):
    """A function that changes prior settings of the trained study: change_prior(mixing=0.0)."""

    def replace(**values):
        changed = dataclasses.replace(trained.settings.prior, **values)
        settings = dataclasses.replace(trained.settings, prior=changed)
        return dataclasses.replace(trained, settings=settings)

    return replace


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


def modules(task):
    """Every network that trains, the two region discriminators apart."""
    found = {n: m for n, m in task.parts.items() if isinstance(m, torch.nn.Module)}
    if "region" in found:
        found |= {f"region-{n}": m for n, m in found.pop("region").networks.items()}
    return found


@pytest.mark.parametrize("game", ["prior", "restorer"])
def test_two_steps_change_every_network_and_average(trained, change, closing, game):
    if game == "prior":
        task = closing(PriorTask(trained, 0, CPU))
        expected = {"generator", "discriminator", "ema"}
    else:  # a batch with plates and characters in it
        task = closing(RestorerTask(change(batch=16), "full", 0, CPU))
        expected = {"restorer", "discriminator", "ema", "region-plate", "region-character"}
    networks = modules(task)
    assert set(networks) == expected
    before = {name: copy.deepcopy(m.state_dict()) for name, m in networks.items()}
    for step in range(2):
        task.step(step)
    for name, network in networks.items():
        assert not same(before[name], network.state_dict()), name
    current = task.generator if game == "prior" else task.restorer
    assert not same(current.state_dict(), task.ema.module.state_dict())


@pytest.mark.parametrize("decoder", ["frozen", "tuned"])
def test_a_step_leaves_reader_perceptual_network_and_frozen_layers_as_they_were(
    change, closing, decoder
):
    task = closing(RestorerTask(change(decoder=decoder), "full", 0, CPU))
    frozen = {"reader": task.objective.reader, "perceptual": task.objective.perceptual}
    before = {name: copy.deepcopy(m.state_dict()) for name, m in frozen.items()}
    for network in frozen.values():
        assert not any(p.requires_grad for p in network.parameters())
    layers = copy.deepcopy(dict(task.restorer.named_parameters()))
    task.step(0)
    for name, network in frozen.items():
        assert same(before[name], network.state_dict()), name
    trainable = {id(p) for p in task.restorer.trainable(decoder)}
    changed = {
        name for name, p in task.restorer.named_parameters() if not torch.equal(p, layers[name])
    }
    allowed = {name for name, p in task.restorer.named_parameters() if id(p) in trainable}
    assert changed and changed <= allowed
    parts = {name.split(".")[0] for name in changed}
    assert {"unet", "encoder", "transforms"} <= parts
    assert ("decoder" in parts) == (decoder == "tuned")
    assert not any(name.startswith("decoder.mapping") for name in changed)


def test_the_total_is_the_weighted_sum_of_the_terms():
    names = [field.name for field in dataclasses.fields(LossWeights)]
    weights = {name: 0.5 + index for index, name in enumerate(names)}
    terms = {name: torch.tensor(2.0**-index) for index, name in enumerate(names)}
    objective = Objective(
        weights=LossWeights(**weights), recognition="slots", recognition_on="plate"
    )
    expected = sum(weights[name] * terms[name].item() for name in names)
    assert objective.total(terms).item() == pytest.approx(expected)
    assert objective.total({names[3]: terms[names[3]]}).item() == pytest.approx(3.5 / 8)


@pytest.fixture
def updates(monkeypatch):
    """What each update of a step went down, in order: (network, loss)."""
    seen = []

    def record(module, _, loss):
        seen.append((module, loss.item()))

    monkeypatch.setattr(prior, "update", record)
    monkeypatch.setattr(restorer, "update", record)
    monkeypatch.setattr(adversary, "update", record)
    return seen


def test_the_priors_penalties_have_their_lazy_weights(trained, change_prior, closing, updates):
    opponent = dataclasses.replace(trained.settings.prior.discriminator, r1=3.0, r1_every=4)
    study = change_prior(discriminator=opponent, path_length=5.0, path_every=2)
    task = closing(PriorTask(study, 0, CPU))
    losses = task.step(0)
    expected = [
        (task.generator, losses["generator"]),
        (task.adversary.network, losses["discriminator"]),
        (task.adversary.network, 3.0 / 2 * 4 * losses["r1"]),
        (task.generator, 5.0 * 2 * losses["path"]),
    ]
    assert [network for network, _ in updates] == [network for network, _ in expected]
    for (_, found), (_, loss) in zip(updates, expected, strict=True):
        assert found == pytest.approx(loss.item(), rel=1e-5)
    due = {step: set(task.step(step)) & {"r1", "path"} for step in (1, 2, 3, 4)}
    assert due == {1: set(), 2: {"path"}, 3: set(), 4: {"r1", "path"}}


def test_the_path_length_is_held_to_its_slow_mean(trained, closing, updates, monkeypatch):
    task = closing(PriorTask(trained, 0, CPU))
    monkeypatch.setattr(prior, "path_lengths", lambda *_: torch.tensor([1.0, 3.0]))
    losses = task.step(0)
    assert task.mean_length.value.item() == pytest.approx(0.02)
    assert losses["path"].item() == pytest.approx((0.98**2 + 2.98**2) / 2)
    task.step(2)
    assert task.mean_length.value.item() == pytest.approx(0.02 + 0.01 * 1.98)


def test_the_restorers_opponents_have_their_own_lazy_weights(change, trained, closing, updates):
    settings = trained.settings.restorer
    whole = dataclasses.replace(settings.discriminator, r1=3.0, r1_every=2)
    own = dataclasses.replace(settings.region.discriminator, r1=7.0, r1_every=4)
    region = dataclasses.replace(settings.region, discriminator=own)
    task = closing(RestorerTask(change(discriminator=whole, region=region), "full", 0, CPU))
    losses = task.step(0)
    terms = {name: losses[name] for name in vars(task.weights) if name in losses}
    expected = [
        (task.restorer, task.objective.total(terms)),
        (task.adversary.network, losses["discriminator"]),
        (task.adversary.network, 3.0 / 2 * 2 * losses["r1"]),
        (task.region, losses["region_discriminator"]),
        (task.region, 7.0 / 2 * 4 * losses["region_r1"]),
    ]
    assert [network for network, _ in updates] == [network for network, _ in expected]
    for (_, found), (_, loss) in zip(updates, expected, strict=True):
        assert found == pytest.approx(loss.item(), rel=1e-5)
    due = {step: set(task.step(step)) & {"r1", "region_r1"} for step in (1, 2, 4)}
    assert due == {1: set(), 2: {"r1"}, 4: {"r1", "region_r1"}}


def test_an_adversary_learns_to_score_real_above_fake(trained):
    settings = dataclasses.replace(trained.settings.restorer.discriminator, learning_rate=0.01)
    network = Discriminator(base=(4, 8), channels=settings.channels, seed=0)
    opponent = adversary.Adversary(network, settings)
    generator = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(8, 3, 32, 64, generator=generator) * s for s in (0.2, 0.4))
    first = opponent.step(0, fake, real)["discriminator"]
    for step in range(1, 30):
        last = opponent.step(step, fake, real)["discriminator"]
    with torch.no_grad():
        assert network(real).mean() > network(fake).mean()
    assert last < first


def test_the_pyramid_counts_for_its_steps_and_all_through_the_warm_up(trained, closing, updates):
    last = trained.settings.restorer.pyramid_steps
    task = closing(RestorerTask(trained, "full", 0, CPU))
    assert "pyramid" in task.step(last - 1)
    assert "pyramid" not in task.step(last)
    assert "pyramid" in closing(RestorerTask(trained, "warmup", 0, CPU)).step(last)


def test_rates_fall_over_a_training(trained, change, change_prior, closing, updates):
    game = closing(PriorTask(change_prior(steps=200), 0, CPU))
    opponent, settings = trained.settings.prior.discriminator, trained.settings.prior
    game.step(105)
    for optimiser, rate, every in (
        (game.generator_optimiser, settings.learning_rate, settings.path_every),
        (game.adversary.optimiser, opponent.learning_rate, opponent.r1_every),
    ):
        expected = 0.505 * rate * every / (every + 1)
        assert optimiser.param_groups[0]["lr"] == pytest.approx(expected)
    study = change(steps=200, warmup_steps=400)
    for variant, rate, middle in (
        ("full", study.settings.restorer.learning_rate, 105),
        ("warmup", study.settings.restorer.warmup_learning_rate, 210),
    ):
        task = closing(RestorerTask(study, variant, 0, CPU))
        task.step(middle)
        assert task.optimiser.param_groups[0]["lr"] == pytest.approx(0.505 * rate)


@pytest.mark.parametrize("mixing", [0.0, 0.5, 1.0])
def test_style_mixing_shares_the_layers_between_two_latents(change_prior, closing, mixing):
    task = closing(PriorTask(change_prior(mixing=mixing), 0, CPU))
    with torch.no_grad():
        codes = task.codes(0, torch.arange(400))
    assert codes.shape == (400, task.generator.num_codes, task.settings.code_size)
    changes = (codes[:, 1:] != codes[:, :-1]).any(2)  # [400, L - 1]
    assert changes.sum(1).max() <= 1  # one cut at most
    share = changes.any(1).float().mean().item()
    assert share == mixing if mixing in (0.0, 1.0) else 0.4 < share < 0.6
    if mixing:
        assert changes.any(0).all()  # the cut falls anywhere
    plain = closing(PriorTask(change_prior(mixing=0.0), 0, CPU))
    with torch.no_grad():
        assert torch.equal(codes[:, 0], plain.codes(0, torch.arange(400))[:, 0])


def test_the_path_length_takes_one_sample_in_path_shrink_by_place(
    change_prior, closing, monkeypatch
):
    def taken(step, *, batch, rank=0, world=1):
        with monkeypatch.context() as patch:
            patch.setattr("lpr_gfpgan.training.distributed.world_size", lambda: world)
            patch.setattr("lpr_gfpgan.training.distributed.rank", lambda: rank)
            task = closing(PriorTask(change_prior(batch=batch, path_shrink=4), 0, CPU))
            found = []

            def stop(_, samples, stream):
                assert stream == "path"
                found.extend(samples.tolist())
                raise StopIteration

            patch.setattr(task, "codes", stop)
            with pytest.raises(StopIteration):
                task._path_step(step, task.stream.samples(step))
            return found

    assert taken(1, batch=6) == [6, 10]
    shared = [sample for rank in (0, 1) for sample in taken(3, batch=8, rank=rank, world=2)]
    assert shared == taken(3, batch=8) == [24, 28]


def test_the_recognition_loss_asks_the_loss_reader(trained, closing):
    reader = closing(RestorerTask(trained, "full", 0, CPU)).objective.reader
    expected, _ = load_weights(trained.paths.reader("loss"))
    other, _ = load_weights(trained.paths.reader("judge"))
    assert reader.config == expected.config != other.config
    assert same(expected.state_dict(), reader.state_dict())
