"""What counts as trained: the weights of these settings, plates and starting weights, no others."""

import dataclasses

import pytest
import torch

from lpr_gfpgan.errors import WeightsError
from lpr_gfpgan.training import ensure_reader, ensure_warmup, stages
from lpr_gfpgan.training.reader import reader_identity
from lpr_gfpgan.training.restorer import restorer_identity
from lpr_gfpgan.training.stage import fingerprint, is_trained


def with_reader(study, **values):
    loss = dataclasses.replace(study.settings.readers.loss, **values)
    readers = dataclasses.replace(study.settings.readers, loss=loss)
    return dataclasses.replace(study, settings=dataclasses.replace(study.settings, readers=readers))


def own_file(path):
    """The same weights as a file of its own, not a link to the shared one."""
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    return data


def test_finished_weights_are_kept(trained, tmp_path, fresh_copy, monkeypatch):
    study = fresh_copy(trained, tmp_path / "study")

    def never(*_, **__):
        raise AssertionError("trained again")

    for name in ("train_reader", "train_prior", "train_restorer"):
        monkeypatch.setattr(stages, name, never)
    ensure_reader(study, "loss")
    ensure_warmup(study)


def test_weights_of_other_settings_are_trained_again(trained, tmp_path, fresh_copy):
    study = with_reader(fresh_copy(trained, tmp_path / "study"), steps=2)
    before = own_file(study.paths.reader("loss"))
    assert not is_trained(study.paths.reader("loss"), reader_identity(study, "loss"))
    ensure_reader(study, "loss")
    assert study.paths.reader("loss").read_bytes() != before
    assert is_trained(study.paths.reader("loss"), reader_identity(study, "loss"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="on a GPU every CPU is alike")
def test_a_cpu_with_bfloat16_does_not_go_on_for_one_without_where_it_is_asked_for(
    trained, monkeypatch
):
    def prints(study):
        found = []
        for has in (True, False):
            capabilities = {"avx512_bf16": has}
            monkeypatch.setattr(torch.cpu, "get_capabilities", lambda c=capabilities: c, False)
            found.append(fingerprint(study, "identity"))
        return found

    own = trained.settings.restorer
    asking = dataclasses.replace(own, warmup=dataclasses.replace(own.warmup, bfloat16=True))
    settings = dataclasses.replace(trained.settings, restorer=asking)
    one, other = prints(dataclasses.replace(trained, settings=settings))
    assert one != other
    one, other = prints(trained)
    assert not own.warmup.bfloat16 and one == other


def test_an_identity_follows_settings_and_starting_weights_not_code_or_threads(
    trained, tmp_path, fresh_copy
):
    study = fresh_copy(trained, tmp_path / "study")
    identity = restorer_identity(study, "full", 0)
    threads = dataclasses.replace(study.settings, cpu_threads=3)
    other_threads = dataclasses.replace(study, settings=threads)
    assert restorer_identity(other_threads, "full", 0) == identity
    assert fingerprint(other_threads, identity) != fingerprint(study, identity)
    assert restorer_identity(study, "full", 1) != identity
    assert restorer_identity(study, "face_recipe", 0) != identity
    own_file(study.paths.reader("loss"))
    with open(study.paths.reader("loss"), "ab") as file:
        file.write(b"x")
    assert restorer_identity(study, "full", 0) != identity


def test_a_damaged_file_is_named_instead_of_trained_over(trained, tmp_path, fresh_copy):
    study = fresh_copy(trained, tmp_path / "study")
    path = study.paths.reader("loss")
    data = own_file(path)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(WeightsError, match="reader-loss"):
        ensure_reader(study, "loss")
    assert path.read_bytes() == data[: len(data) // 2]
    assert torch.get_num_threads() == 1
