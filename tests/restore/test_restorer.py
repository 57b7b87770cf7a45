"""Restoring and reading one plate and many, wherever they are."""

import numpy as np
import pytest
import torch

from lpr_gfpgan import networks, plates
from lpr_gfpgan.errors import ConfigError, ImageError, LprError, WeightsError
from lpr_gfpgan.restore import Restorer
from lpr_gfpgan.restore.examiner import CHUNK

CCPD = "025-95_113-80&60_208&101-208&101_80&101_80&60_208&60-0_0_22_27_27_33_16-37-15.png"
QUAD = [[230, 200], [358, 200], [358, 241], [230, 241]]
SIZE = (32, 64)
FULL = "restorer-full-0.safetensors"


def test_result(make, crop):
    result = make(says=("皖A12345", "皖A1234")).restore(crop)
    negative = 255 - plates.tight_to_frame(crop, *SIZE)
    np.testing.assert_array_equal(result.frame, negative)
    assert result.frame.dtype == np.uint8
    _, y0, _, y1 = plates.plate_box(*SIZE)
    np.testing.assert_array_equal(result.image, negative[int(y0) : int(np.ceil(y1))])
    assert result.text == "皖A12345" == result.reading.text and result.reading.complete
    assert result.text_restored == "皖A1234" and not result.reading_restored.complete
    assert result.quad.tolist() == [[0, 0], [128, 0], [128, 41], [0, 41]]
    assert result.plate_width == 128
    assert result.samples == () and result.agreement is None


def test_the_network_and_its_reader_do_the_work(weights, crop):
    restorer = Restorer.from_pretrained(weights / "restorer-full-0.safetensors", device="cpu")
    frame = plates.tight_to_frame(crop, *SIZE)
    batch = plates.image_tensor(frame[None])
    quad = torch.from_numpy(plates.canonical_quad(*SIZE)).float()[None]
    with torch.inference_mode():
        expected = restorer.network(batch).image[0]
    levels = (expected.clamp(-1, 1).permute(1, 2, 0).numpy() + 1) * 127.5
    result = restorer.restore(crop)
    np.testing.assert_allclose(result.frame, levels, atol=0.51)
    assert result.text == restorer.reader.read(batch, quad)[0].text
    after = restorer.reader.read(plates.image_tensor(result.frame[None]), quad)[0]
    assert result.text_restored == after.text


def test_the_same_input_gives_the_same_output(weights, crop):
    restorer = Restorer.from_pretrained(weights / "restorer-full-0.safetensors", device="cpu")
    first = restorer.restore(crop)
    torch.rand(3)  # global randomness plays no part
    second = restorer.restore(crop)
    np.testing.assert_array_equal(first.frame, second.frame)
    assert first.reading == second.reading
    assert first.reading_restored == second.reading_restored


def test_a_list_is_a_batch_in_its_order(weights, crop):
    """Real networks: a layer that looks across the batch would be seen."""
    restorer = Restorer.from_pretrained(weights / FULL, device="cpu")
    with torch.no_grad():
        restorer.reader.network.head.weight *= 30  # untrained, it would see nothing
    pictures = [crop, crop[:, ::-1].copy(), np.repeat(crop, 2, axis=1)[:, :200]] * 7
    results = restorer.restore(pictures, plate="tight")
    assert len(results) == 21 > CHUNK
    for number in (0, 1, 2, 20):
        alone = restorer.restore(pictures[number], plate="tight")
        # The same sums in another order may round to the next level.
        difference = np.abs(results[number].frame.astype(int) - alone.frame)
        assert difference.max() <= 1 and (difference > 0).mean() < 0.01
        for seen, single in (
            (results[number].reading, alone.reading),
            (results[number].reading_restored, alone.reading_restored),
        ):
            assert seen.text == single.text
            np.testing.assert_allclose(seen.confidences, single.confidences, atol=0.01)
        assert results[number].plate_width == pictures[number].shape[1]
    assert (results[0].frame != results[1].frame).any() and results[0].text
    assert restorer.restore([]) == []


def test_a_list_may_have_a_plate_for_each_picture(make, crop, photo):
    picture, (quad, _) = photo
    restorer = make()
    first, second, third = restorer.restore([crop, crop, picture], [None, "tight", quad])
    np.testing.assert_array_equal(first.frame, second.frame)
    np.testing.assert_array_equal(third.frame, restorer.restore(picture, np.array(quad)).frame)
    assert third.quad.tolist() == quad
    with pytest.raises(ImageError, match="one plate for each"):
        restorer.restore([crop], ["tight", "tight"])
    for count in (1, 4):
        with pytest.raises(ImageError, match=f"one plate's corners for a list of {count} "):
            restorer.restore([picture] * count, quad)


def test_reading_alone(make, crop):
    restorer = make(says=("皖A12345", "皖A1234"))
    assert restorer.read(crop) == restorer.restore(crop).reading
    assert [each.text for each in restorer.read([crop, 255 - crop])] == ["皖A12345", "皖A1234"]


def test_without_a_reader_there_is_no_text(make, crop, calibration):
    restorer = make(says=None, calibration=calibration)
    result = restorer.restore(crop)
    assert result.text is None and result.text_restored is None
    assert result.is_plate is None and "reader" in result.note
    assert "make reproduce" in result.note
    with pytest.raises(WeightsError, match="reader-direct"):
        restorer.read(crop)


@pytest.mark.parametrize("samples", [-1, 2.5, "3", None])
def test_a_number_of_samples_that_is_none(make, crop, samples):
    with pytest.raises(ConfigError, match=f"samples {samples!r}: give a whole number"):
        make().restore(crop, samples=samples)


def test_the_networks_restorer_is_another_class(weights):
    restorer = Restorer.from_pretrained(weights / "restorer-full-0.safetensors")
    assert Restorer is not networks.Restorer
    assert isinstance(restorer.network, networks.Restorer)
    assert issubclass(ImageError, LprError)
