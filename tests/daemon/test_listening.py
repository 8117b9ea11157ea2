"""Who can reach the pages of a daemon."""

from pathlib import Path

import pytest

from tests.kit.running import Site

BAD_INPUT = 2


@pytest.mark.network
def test_pages_open_to_the_network_want_a_token(tmp_path: Path, netmon) -> None:
    site = Site(folder=tmp_path, more_settings="web: {listen: 0.0.0.0, port: 0}\n")
    code, _, complaint = netmon(site, "run")
    assert code == BAD_INPUT
    assert complaint.startswith("The pages on 0.0.0.0 would be open to the whole network: set web.token_sha256")
