"""Places of their own for runs that are killed, starved or given damaged files."""

import dataclasses
import os
import resource
from contextlib import contextmanager

import pytest
import torch

from lpr_gfpgan.config import Paths


@pytest.fixture
def own_copy(smoke_study):
    """A function: the study below another folder, with the same plates and given weights."""

    def copy(folder, *names):
        paths = Paths(folder, "smoke")
        paths.plates.parent.mkdir(parents=True)
        paths.models.mkdir(parents=True)
        os.symlink(smoke_study.paths.plates, paths.plates)
        for name in names:
            file = f"{name}.safetensors"
            os.symlink(smoke_study.paths.models / file, paths.models / file)
        return dataclasses.replace(smoke_study, paths=paths)

    return copy


@pytest.fixture
def largest_file():
    """A context: the system refuses files larger than so many bytes, as a full disk does."""

    @contextmanager
    def limit(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit


@pytest.fixture(autouse=True)
def one_thread():
    """Bit-for-bit comparisons hold at a fixed number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
