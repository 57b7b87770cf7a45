"""What README says of the first plate that a reader restores."""

from pathlib import Path

from lpr_gfpgan.restore import Restorer

ROOT = Path(__file__).parents[2]


def test_the_first_plate_is_read_as_the_page_says():
    plate = Restorer.from_pretrained(device="cpu").restore(
        ROOT / "docs" / "blurred.png", plate="tight"
    )
    page = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"The plate says {plate.text}, and so it is read;" in page
    confidences = [each.confidence for each in plate.reading.characters]
    assert confidences.index(min(confidences)) == 0
    least, whole = min(confidences), plate.reading.confidence
    assert f"is the province (confidence {least:.2f}), so that the whole has {whole:.2f}." in page
