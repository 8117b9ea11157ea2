"""What every test gets: peers checked by marker, and the shared folder of recordings."""

from pathlib import Path

import hypothesis
import pytest

from tests.kit import peers

hypothesis.settings.register_profile("netmon", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("netmon")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Hold a test's `peer` and `network` markers against this machine before it starts."""
    for sentence in peers.missing_for(item):
        peers.skip_or_fail(sentence)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder `../shared` with the recordings of real devices and the reference documents."""
    return peers.shared_or_skip()
