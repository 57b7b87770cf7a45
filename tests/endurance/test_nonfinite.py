"""Numbers that are no longer finite: the step and the term are named, the last good state stays."""

import pytest
import torch

from lpr_gfpgan.errors import LprError
from lpr_gfpgan.training import loop, train_restorer
from lpr_gfpgan.training.checkpoint import load_checkpoint
from lpr_gfpgan.training.objective import Objective
from lpr_gfpgan.training.restorer import RestorerTask

STARTS = ("reader-loss", "prior", "prior-discriminator", "warmup")


def only_checkpoint(study):
    (path,) = study.paths.runs.glob("*/*/checkpoint.pt")
    return load_checkpoint(path, fingerprint=path.parent.name)


def finite(state):
    if isinstance(state, torch.Tensor):
        return bool(torch.isfinite(state).all())
    if isinstance(state, dict):
        return all(map(finite, state.values()))
    return all(map(finite, state)) if isinstance(state, list) else True


@pytest.fixture
def studies(own_copy, tmp_path, monkeypatch):
    """Two alike, with a checkpoint after every step; the first is trained to its end."""
    whole, study = (own_copy(tmp_path / name, *STARTS) for name in ("whole", "study"))
    train_restorer(whole, "full")
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    return whole, study


def resumed_equals(whole, study):
    train_restorer(study, "full")
    one, two = (s.paths.restorer("full", 0).read_bytes() for s in (whole, study))
    assert one == two


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("term", ["recognition", "region_style"])
def test_the_term_and_its_step_are_named_and_the_run_can_go_on(studies, monkeypatch, term, value):
    whole, study = studies
    call, calls = Objective.__call__, []

    def spoilt(self, *given, **named):
        terms = call(self, *given, **named)
        calls.append(1)
        return terms | ({term: terms[term] * value} if len(calls) == 2 else {})

    with monkeypatch.context() as patch, pytest.raises(LprError) as told:
        patch.setattr(Objective, "__call__", spoilt)
        train_restorer(study, "full")
    assert str(told.value) == (
        f"restorer-full-0: the loss {term!r} is no longer finite at step 2; lower its weight or "
        "learning rate (the last good checkpoint is kept)"
    )
    state = only_checkpoint(study)
    assert state["step"] == 1 and finite(state)
    assert not study.paths.reports.exists() and not study.paths.restorer("full", 0).exists()
    resumed_equals(whole, study)


@pytest.mark.parametrize("part", ["restorer", "discriminator_optimiser"])
def test_weights_that_are_not_finite_are_never_kept_though_every_loss_is(
    studies, monkeypatch, part
):
    whole, study = studies
    step = RestorerTask.step

    def spoilt(self, number):
        losses = step(self, number)
        if number == 1:
            held = self.parts[part]
            if part == "restorer":
                next(held.parameters()).data[..., -1] = torch.inf
            else:
                next(iter(held.state.values()))["exp_avg_sq"][..., -1] = torch.nan
        return losses

    with monkeypatch.context() as patch, pytest.raises(LprError) as told:
        patch.setattr(RestorerTask, "step", spoilt)
        train_restorer(study, "full")
    assert str(told.value) == (
        f"restorer-full-0: {part!r} is no longer finite after step 2; lower its learning rate "
        "(the last good checkpoint is kept)"
    )
    state = only_checkpoint(study)
    assert state["step"] == 1 and finite(state)
    resumed_equals(whole, study)


def test_a_bad_step_between_reports_is_named_by_its_own_number(tmp_path):
    class Slow:
        batch, parts = 1, {}

        def step(self, step):
            return {
                "good": torch.tensor(1.0),
                "bad": torch.tensor(0.0 if step != 203 else torch.nan),
            }

        def grid(self):
            return None

        def waited(self):
            return 0.0

    with pytest.raises(LprError, match="'bad' is no longer finite at step 204;"):
        loop.run(
            Slow(),
            name="t",
            steps=1000,
            setting="s",
            folder=tmp_path,
            fingerprint="f",
            curve=tmp_path / "curve.csv",
        )
