"""What benchmarks leave as it was."""

import cv2
import pytest
import torch


@pytest.fixture(autouse=True)
def threads():
    """A benchmark takes the process for itself; the tests after it do not."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])
