"""What README says of the first plate that a reader restores."""

from pathlib import Path

from lpr_gfpgan.restore import Restorer

ROOT = Path(__file__).parents[2]


def test_the_first_plate_is_read_as_the_page_says():
    plate = Restorer.from_pretrained(device="cpu").restore(
        ROOT / "docs" / "blurred.png", plate="tight"
    )
    page = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"The plate says 新VQ92KL and is read as {plate.text}: the province is wrong" in page
    assert plate.text[1:] == "VQ92KL" and plate.text[0] != "新"
    province, *others = (each.confidence for each in plate.reading.characters)
    assert f"as its confidence of {province:.2f} warns;" in page
    assert f"the others have {min(others):.2f} or more." in page
