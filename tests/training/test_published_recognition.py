"""The published recognition loss teaches nothing: training with it is training without it."""

import torch

from lpr_gfpgan.networks import crop_region, load_weights, slot_logits
from lpr_gfpgan.plates import image_tensor
from lpr_gfpgan.readers import slot_centres
from lpr_gfpgan.training.objective import Objective
from lpr_gfpgan.training.pictures import to_pixels
from lpr_gfpgan.training.restorer import RestorerTask

CPU = torch.device("cpu")
STEPS = 4


def missed_characters(self, restored, batch):
    """A constant less counted hits on a copy rounded to 8 bits, as in the published code (D1)."""
    copy = image_tensor(to_pixels(restored.detach()), CPU)
    logits = self.reader(crop_region(copy, batch.quad, self.reader.input_size))
    read = slot_logits(logits, slot_centres(batch.lengths)).argmax(2)
    hits = ((read == batch.labels) & (batch.labels > 0)).sum(1)
    return (7.0 - hits.float()).mean()


def trained_for(study, variant):
    task = RestorerTask(study, variant, 0, CPU)
    terms = [task.step(step) for step in range(STEPS)]
    task.stream.close()
    states = {
        f"{part}.{name}": value
        for part, network in task.parts.items()
        if isinstance(network, torch.nn.Module)
        for name, value in network.state_dict().items()
    }
    return states, terms


def test_it_is_bit_equal_to_no_recognition_loss(change, monkeypatch):
    study = change(batch=16)
    without, _ = trained_for(study, "no_recognition_loss")
    ours, _ = trained_for(study, "full")
    monkeypatch.setattr(Objective, "_recognition", missed_characters)
    published, terms = trained_for(study, "full")
    # The count is a real one: it is there at every step and changes with the image.
    counts = [step["recognition"].item() for step in terms]
    assert len(set(counts)) > 1 and max(counts) < 8
    assert published.keys() == without.keys()
    assert all(torch.equal(published[name], without[name]) for name in without)
    # With a gradient the same steps lead elsewhere, so the comparison can fail.
    assert any(not torch.equal(ours[name], without[name]) for name in without)


def test_its_gradient_is_none(change):
    study = change()
    task = RestorerTask(study, "full", 0, CPU)
    batch, image = task.stream(0)
    task.stream.close()
    restored = task.restorer(image).image
    loss = missed_characters(task.objective, restored, batch)
    assert restored.requires_grad and not loss.requires_grad
    reader, _ = load_weights(study.paths.reader("loss"))
    assert reader.config == task.objective.reader.config
