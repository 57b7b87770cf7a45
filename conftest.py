"""One environment for every test: the smallest profile, a throw-away output folder, no network.

The notebooks run in kernels that inherit these variables, so they write below the same folder and
each finds there what the one before it left: run them together, in the order of their names.
"""

import ipaddress
import os
import sys
import tempfile
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Set the profile and a fresh output folder, unless the caller did; refuse the network."""
    os.environ.setdefault("LPR_GFPGAN_PROFILE", "smoke")
    if "LPR_GFPGAN_OUTPUT" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="lpr-gfpgan-test-", ignore_cleanup_errors=True)
        os.environ["LPR_GFPGAN_OUTPUT"] = folder.name
        config.add_cleanup(folder.cleanup)
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Let sockets reach this machine only, as kernels and browsers need."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
        if not _is_this_machine(host):
            raise OSError(f"tests run without a network, but one connects to {host}")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
