"""A warm-up or a reader that goes on from the weights of an earlier training."""

import pytest
import torch

from lpr_gfpgan.errors import ConfigError, DataError, WeightsError
from lpr_gfpgan.files import sha256_of
from lpr_gfpgan.networks import load_weights, save_weights
from lpr_gfpgan.training.reader import ReaderTask, reader_identity, train_reader
from lpr_gfpgan.training.restorer import RestorerTask, restorer_identity, train_restorer
from lpr_gfpgan.training.stages import stage_tasks
from lpr_gfpgan.training.start import draws_after

CPU = torch.device("cpu")


@pytest.fixture
def earlier(trained, tmp_path):
    """The warm-up's weights in half precision, as they ship, in a file of their own."""
    module, about = load_weights(trained.paths.warmup)
    path = tmp_path / "earlier.safetensors"
    save_weights(path, module, **about, dtype=torch.float16)
    return path


def test_it_begins_with_these_weights_and_a_fresh_optimiser(trained, earlier, closing):
    task = closing(RestorerTask(trained, "warmup", 0, CPU, earlier))
    given = load_weights(earlier)[0].state_dict()
    for name, value in task.restorer.state_dict().items():
        assert torch.equal(value, given[name]), name
    assert not task.optimiser.state
    from_prior = closing(RestorerTask(trained, "warmup", 0, CPU)).restorer.state_dict()
    assert any(not torch.equal(from_prior[name], given[name]) for name in given)


def test_it_sees_other_draws_than_a_training_of_the_same_seed(trained, earlier, closing):
    from_prior = closing(RestorerTask(trained, "warmup", 0, CPU))
    went_on, again = (
        closing(RestorerTask(trained, "warmup", 0, CPU, earlier)).stream.fetch(0) for _ in range(2)
    )
    assert torch.equal(went_on[1], again[1])
    assert not torch.equal(went_on[0].index, from_prior.stream.fetch(0)[0].index)


def test_the_weights_say_what_they_began_with(trained, earlier, fresh_copy, tmp_path):
    study = fresh_copy(trained, tmp_path / "out")
    study.paths.warmup.unlink()
    train_restorer(study, "warmup", start=earlier)
    train_restorer(study, "face_recipe")
    warmup = load_weights(study.paths.warmup)[1]["provenance"]
    assert warmup["identity"] == restorer_identity(study, "warmup", 0, earlier)
    assert warmup["identity"] != restorer_identity(study, "warmup", 0)
    first = warmup["started_from"]
    settings = study.settings.restorer
    assert first["sha256"] == sha256_of(earlier) and first["variant"] == "warmup"
    assert first["steps"] == settings.warmup_steps
    assert first["images"] == settings.warmup_steps * settings.batch
    assert warmup["draws_seed"] == draws_after(earlier) != warmup["seed"]
    face = load_weights(study.paths.restorer("face_recipe", 0))[1]["provenance"]
    assert face["started_from"]["sha256"] == sha256_of(study.paths.warmup)
    assert face["started_from"]["started_from"] == first
    assert face["started_from"]["draws_seed"] == draws_after(earlier)


def test_from_the_prior_they_say_nothing(trained):
    assert "started_from" not in load_weights(trained.paths.warmup)[1]["provenance"]


def test_a_restorer_of_another_shape_is_refused(change, earlier):
    other = change(channels=[8, 8, 8, 8])
    with pytest.raises(ConfigError, match=r"earlier\.safetensors: a restorer built as .*16, 16"):
        RestorerTask(other, "warmup", 0, CPU, earlier)


def test_a_file_that_is_no_restorer_is_refused(trained, tmp_path):
    with pytest.raises(WeightsError, match="give the file of a restorer"):
        RestorerTask(trained, "warmup", 0, CPU, trained.paths.reader("loss"))
    with pytest.raises(DataError, match=r"cannot read .*nothing"):
        restorer_identity(trained, "warmup", 0, tmp_path / "nothing")


def reader_task(study, start=None):
    return ReaderTask(study, study.settings.readers.direct, CPU, start)


def test_a_reader_goes_on_from_a_reader(trained, fresh_copy, closing, tmp_path):
    study = fresh_copy(trained, tmp_path / "out")
    train_reader(study, "direct")
    module, about = load_weights(study.paths.reader("direct"))
    earlier = tmp_path / "direct.safetensors"
    save_weights(earlier, module, **about)
    task, fresh = (closing(reader_task(study, start)) for start in (earlier, None))
    for name, value in task.network.state_dict().items():
        assert torch.equal(value, module.state_dict()[name]), name
    assert all(p.requires_grad for p in task.network.parameters())
    assert not torch.equal(task.stream.fetch(0)[0].index, fresh.stream.fetch(0)[0].index)

    train_reader(study, "direct", start=earlier)
    after, told = load_weights(study.paths.reader("direct"))
    assert told["provenance"]["started_from"]["sha256"] == sha256_of(earlier)
    assert told["provenance"]["identity"] == reader_identity(study, "direct", earlier)
    assert told["provenance"]["draws_seed"] == draws_after(earlier)
    assert told["provenance"]["identity"] != reader_identity(study, "direct")
    moved = [not torch.equal(v, module.state_dict()[n]) for n, v in after.state_dict().items()]
    assert any(moved)


def test_a_rehearsed_stage_begins_where_its_training_will(trained, earlier, closing):
    direct = trained.paths.reader("judge")  # in this profile built as `direct` is
    tasks = stage_tasks(trained, "full", earlier, direct)
    for stage, path, network in (
        ("warmup", earlier, "restorer"),
        ("reader-direct", direct, "network"),
    ):
        begun = getattr(closing(tasks[stage][0]()), network).state_dict()
        for name, value in load_weights(path)[0].state_dict().items():
            assert torch.equal(begun[name], value), name
    loss = closing(tasks["reader-loss"][0]())
    assert loss.seed == trained.settings.readers.loss.seed  # it begins anew


def test_a_reader_of_another_shape_is_refused(trained):
    with pytest.raises(ConfigError, match=r"reader-loss\.safetensors: a reader built as"):
        reader_task(trained, trained.paths.reader("loss"))


def test_a_variant_takes_no_weights_to_begin_with(trained, earlier):
    with pytest.raises(ConfigError, match="a warm-up alone can begin with it, 'full' cannot"):
        RestorerTask(trained, "full", 0, CPU, earlier)
