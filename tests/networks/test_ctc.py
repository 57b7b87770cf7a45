"""The reading networks, and turning logits into texts."""

import pytest
import torch

from lpr_gfpgan.errors import ConfigError, LprError
from lpr_gfpgan.networks import PlateReader, decode_greedy, slot_logits

ARCHITECTURES = ["plain", "residual"]


def build(**changes):
    arguments = {
        "architecture": "plain",
        "channels": [8, 8],
        "input_size": (8, 64),
        "num_classes": 10,
    }
    return PlateReader(**{**arguments, **changes})


def crops(batch, height=8, width=64):
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("channels", "size", "steps"),
    [
        ([8, 8], (8, 64), 16),
        ([8, 8, 12], (24, 96), 24),
        ([8, 8, 12], (48, 192), 24),
        ([4, 4, 4, 6], (32, 512), 32),
    ],
)
def test_steps_along_the_width(architecture, channels, size, steps):
    reader = build(architecture=architecture, channels=channels, input_size=size)
    assert reader.steps == steps
    assert reader(crops(2, *size)).shape == (2, steps, 10)
    assert reader.trunk(crops(2, *size)).shape == (2, channels[-1])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("training", [True, False])
def test_a_reading_does_not_depend_on_the_batch(architecture, training):
    reader = build(architecture=architecture).train(training)
    x = crops(5)
    for read in (reader, reader.trunk):
        torch.testing.assert_close(read(x)[2:3], read(x[2:3]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_steps_look_at_their_own_place(architecture):
    """The image decides: a change at the left end moves the left logits most."""
    reader = build(architecture=architecture)
    x = crops(1).requires_grad_()
    (gradient,) = torch.autograd.grad(reader(x)[0, 0].square().sum(), x)
    columns = gradient.abs().sum((0, 1, 2))
    assert columns[:16].sum() > columns[-16:].sum()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_learns_two_texts(architecture):
    """A few steps of CTC tell two crops apart, one with a repeated character."""
    reader = build(architecture=architecture, channels=[12, 12])
    x, texts = crops(2), torch.tensor([[3, 3, 5], [1, 2, 1]])
    lengths = torch.tensor([3, 3])
    optimiser = torch.optim.Adam(reader.parameters(), 5e-3)
    for _ in range(150):
        scores = reader(x).log_softmax(2).transpose(0, 1)
        loss = torch.nn.functional.ctc_loss(scores, texts, torch.tensor([16, 16]), lengths)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    reading = decode_greedy(reader(x))
    assert reading.lengths.tolist() == [3, 3]
    assert torch.equal(reading.indices[:, :3], texts)


def path(classes, probability=0.9, classes_in_all=5):
    """Logits whose best path is `classes`, each with the given probability."""
    rest = (1 - probability) / (classes_in_all - 1)
    table = torch.full((len(classes), classes_in_all), rest)
    table[torch.arange(len(classes)), torch.tensor(classes)] = probability
    return table.log()


def test_greedy_merges_runs_and_drops_blanks():
    logits = torch.stack(
        [
            path([0, 1, 1, 0, 1, 2, 2, 0]),
            path([3, 3, 3, 3, 3, 3, 3, 3]),
            path([0, 0, 0, 0, 0, 0, 0, 0]),
            path([1, 2, 3, 4, 1, 2, 3, 4]),
        ]
    )
    reading = decode_greedy(logits)
    texts = [
        row[:n].tolist() for row, n in zip(reading.indices, reading.lengths.tolist(), strict=True)
    ]
    assert texts == [[1, 1, 2], [3], [], [1, 2, 3, 4, 1, 2, 3, 4]]
    for n in range(4):
        assert not reading.indices[n, reading.lengths[n] :].any()
        assert not reading.confidences[n, reading.lengths[n] :].any()


def test_confidence_is_the_peak_of_the_run():
    parts = [path([1], 0.6), path([1], 0.8), path([0], 0.99), path([2], 0.7), path([2], 0.5)]
    reading = decode_greedy(torch.cat(parts)[None])
    torch.testing.assert_close(reading.confidences[0, :2], torch.tensor([0.8, 0.7]))


def test_greedy_equals_a_loop():
    logits = torch.randn(40, 20, 4, generator=torch.Generator().manual_seed(1)) * 2
    reading = decode_greedy(logits)
    for n, row in enumerate(logits.argmax(2).tolist()):
        text = [c for t, c in enumerate(row) if c and (t == 0 or row[t - 1] != c)]
        assert reading.indices[n, : reading.lengths[n]].tolist() == text


def test_slots_are_linear_between_steps():
    logits = torch.tensor([0.0, 10.0, 20.0, 40.0]).view(1, 4, 1)
    centres = torch.tensor([[0.0, 0.125, 0.25, 0.375, 0.75, 0.875, 1.0]])
    expected = torch.tensor([0.0, 0.0, 5.0, 10.0, 30.0, 40.0, 40.0])
    torch.testing.assert_close(slot_logits(logits, centres)[0, :, 0], expected)


def test_slots_pass_the_gradient():
    logits = torch.randn(2, 6, 3, dtype=torch.float64, requires_grad=True)
    centres = torch.rand(2, 4, dtype=torch.float64)
    torch.autograd.gradcheck(lambda x: slot_logits(x, centres), logits)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"architecture": "deep"}, "architecture is 'deep'"),
        ({"input_size": (8, 60)}, "width 60"),
        ({"input_size": (8, 66)}, "width 66"),
        ({"input_size": (8, 1024)}, "width 1024"),
        ({"input_size": (6, 64)}, "2 stages"),
        ({"channels": [8]}, "1 stages"),
        ({"num_classes": 1}, "num_classes"),
    ],
)
def test_bad_sizes_are_named(changes, word):
    with pytest.raises(ConfigError, match=word):
        build(**changes)


def test_bad_inputs_are_named():
    with pytest.raises(LprError, match="crop has shape"):
        build()(torch.zeros(1, 3, 8, 60))
    with pytest.raises(LprError, match="logits has shape"):
        decode_greedy(torch.zeros(4, 5))
    with pytest.raises(LprError, match="no steps"):
        decode_greedy(torch.zeros(4, 0, 5))
    with pytest.raises(LprError, match="centres has shape"):
        slot_logits(torch.zeros(2, 4, 3), torch.zeros(3, 8))
