"""Places of their own for runs that are killed, starved or given damaged files."""

import dataclasses
import os
import resource
from contextlib import contextmanager

import pytest

from lpr_gfpgan.config import Paths

from ..training.conftest import one_thread  # noqa: F401


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
