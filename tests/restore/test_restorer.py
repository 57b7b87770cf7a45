"""Restoring and reading one plate and many, wherever they are."""

import numpy as np
import pytest
import torch

from lpr_gfpgan import networks, plates
from lpr_gfpgan.errors import ConfigError, ImageError, LprError, WeightsError
from lpr_gfpgan.files import write_png
from lpr_gfpgan.readers.hyperlpr_models import MEND
from lpr_gfpgan.restore import PlateFinder, Restorer, photographs
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


def test_a_plates_shape_is_tight_and_nothing_is_searched(make, crop):
    restorer = make(found=[(QUAD, 0.9)])
    np.testing.assert_array_equal(restorer.place(crop).frame, restorer.place(crop, "tight").frame)
    assert restorer._finder._detector.asked == 0


def test_a_plates_shape_without_a_plate_is_searched(make, calibration, photo):
    """A wide picture of one colour but for a plate in its corner."""
    wide = np.full((150, 400, 3), 200, np.uint8)
    wide[100:141, 230:358] = photo[0][200:241, 230:358]
    quad = [[230, 100], [358, 100], [358, 141], [230, 141]]
    calibration.accepts = lambda likeness: likeness > 20
    found = make(calibration=calibration, found=[(quad, 0.9)]).place(wide)
    assert found.quad.tolist() == quad
    uncalibrated = make(found=[(quad, 0.9)]).place(wide)
    assert uncalibrated.width == 400


@pytest.mark.parametrize("detector", ["finds nothing", "is missing"])
def test_a_plates_shape_in_which_nothing_is_found_stays_refused(
    make, calibration, monkeypatch, detector
):
    restorer = make(calibration=calibration)
    if detector == "is missing":

        def missing():
            raise WeightsError(f"hyperlpr 0.0.2 is not installed; {MEND}")

        monkeypatch.setattr(photographs, "load_hyperlpr", missing)
        restorer._finder._detector = None
    result = restorer.restore(np.full((40, 120, 3), 200, np.uint8))
    assert result.is_plate is False and result.text is None and result.plate_width == 120
    assert "not look like a plate" in result.note and "four corners" in result.note
    reason = {"finds nothing": "no plate found in the picture", "is missing": MEND}[detector]
    assert reason in result.note
    assert result.image.shape == (22, 64, 3)


def test_the_surest_plate_of_a_photograph(make, photo):
    picture, (first, second) = photo
    restorer = make(found=[(second, 0.9), (first, 0.6)])
    result = restorer.restore(picture)
    assert result.quad.tolist() == second
    np.testing.assert_array_equal(result.frame, restorer.restore(picture, second).frame)


def test_corners_in_a_name_come_before_a_search(make, photo, tmp_path):
    picture, (first, second) = photo
    write_png(tmp_path / CCPD, picture)
    restorer = make(found=[(second, 0.9)])
    assert restorer.restore(tmp_path / CCPD).quad.tolist() == first
    assert restorer.restore(tmp_path / CCPD, second).quad.tolist() == second


def test_corners_in_a_name_come_before_the_shape(make, photo, tmp_path):
    picture, (first, _) = photo
    write_png(tmp_path / CCPD, picture[:130])  # 400 x 130, which a plate might fill
    assert make().restore(tmp_path / CCPD).quad.tolist() == first


def test_no_plate_found(make, photo):
    with pytest.raises(ImageError, match="no plate found in the picture") as caught:
        make().restore(photo[0])
    assert "\n" not in str(caught.value)


def test_a_missing_detector_names_its_mend(make, photo, monkeypatch):
    def missing():
        raise WeightsError(f"hyperlpr 0.0.2 is not installed; {MEND}")

    monkeypatch.setattr(photographs, "load_hyperlpr", missing)
    restorer = Restorer(make().network, finder=PlateFinder())
    with pytest.raises(ImageError, match=r"pip install hyperlpr==0\.0\.2") as caught:
        restorer.restore(photo[0])
    assert "corners" in str(caught.value) and "\n" not in str(caught.value)


def test_a_picture_too_small_is_not_searched(make):
    restorer = make(found=[(QUAD, 0.9)])
    with pytest.raises(ImageError, match="at least 12"):
        restorer.restore(np.zeros((11, 11, 3), np.uint8))
    assert restorer._finder._detector.asked == 0


def test_the_networks_restorer_is_another_class(weights):
    restorer = Restorer.from_pretrained(weights / "restorer-full-0.safetensors")
    assert Restorer is not networks.Restorer
    assert isinstance(restorer.network, networks.Restorer)
    assert issubclass(ImageError, LprError)
