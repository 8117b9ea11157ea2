"""Opening something in another network namespace leaves the caller where it was."""

import os

import pytest

from netmon.probes.namespace import open_in_namespace
from tests.kit.wire import Network

pytestmark = [pytest.mark.network, pytest.mark.peer("ip", "nsenter")]


def _here() -> str:
    return os.readlink("/proc/thread-self/ns/net")


def test_opener_runs_over_there_and_the_caller_stays_here() -> None:
    network = Network()
    try:
        before = _here()
        there = open_in_namespace(network.path, _here)
        assert there == os.readlink(network.path) != before
        assert open_in_namespace("", _here) == before == _here()
    finally:
        network.close()


def test_what_goes_wrong_over_there_reaches_the_caller() -> None:
    network = Network()

    def fail() -> None:
        raise LookupError("over there")

    try:
        with pytest.raises(LookupError, match="over there"):
            open_in_namespace(network.path, fail)
    finally:
        network.close()
