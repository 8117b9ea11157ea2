"""One sweep over devices of SNMPv2c and SNMPv3."""

import asyncio
import math
from collections.abc import Iterator

import pytest

from netmon.model.ids import DeviceId
from netmon.model.inventory import Device, Role
from netmon.model.readings import Measure, Quantity
from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.ports import SnmpBatch
from netmon.probes.snmp.client import Patience
from netmon.probes.snmp.engines import UserAccess
from netmon.probes.snmp.poller import PollerConfig, SnmpPoller, open_poller
from netmon.settings.profiles import load_profiles
from tests.kit.snmp_agent import COMMUNITY, Snmpd, running_snmpd

pytestmark = pytest.mark.peer("snmpd")

KEY = "first-passphrase"
UPTIME = Measure(Quantity.UPTIME, "")


class Unheard:
    """Vitals nobody looks at."""

    def count(self, *_: object, **__: object) -> None: ...

    def gauge(self, *_: object, **__: object) -> None: ...

    def observe(self, *_: object, **__: object) -> None: ...


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    lines = (f'createUser netmon SHA-256 "{KEY}" AES "{KEY}"', "rouser netmon priv")
    with running_snmpd(tmp_path_factory.mktemp("mixed"), *lines) as running:
        yield running


def device(credential: str) -> Device:
    return Device(id=DeviceId(credential), role=Role.FEEDER, address="127.0.0.1", credential=credential)


async def ended(poller: SnmpPoller) -> SnmpBatch:
    for _ in range(300):
        await asyncio.sleep(0.01)
        batch = poller.harvest(asyncio.get_running_loop().time())
        if batch.answered or batch.missed:
            return batch
    raise AssertionError("the poll never ended")


def test_users_and_communities_are_discovered_and_polled_alike_by_one_poller(agent: Snmpd) -> None:
    user = SnmpUser("netmon", Authentication.SHA256, Privacy.AES128)
    users = {
        "v3": UserAccess(user, KEY.encode(), KEY.encode()),
        "stranger": UserAccess(user, b"wrong-passphrase", KEY.encode()),
    }
    communities = {"v2c": COMMUNITY.encode()}
    patience = Patience(timeout=1.0, retries=0)
    config = PollerConfig(
        communities=communities, users=users, profiles=load_profiles(), patience=patience, port=agent.address[1]
    )
    assert KEY not in repr(config)

    async def run() -> None:
        poller = open_poller(Unheard(), config)
        try:
            outlines = []
            for index, name in enumerate(("v2c", "v3")):
                plan = await poller.discover(device(name), None)
                assert plan is not None
                for _ in range(2):
                    poller.request(index, plan, asyncio.get_running_loop().time())
                    batch = await ended(poller)
                    assert (batch.answered, batch.missed) == ([index], [])
                    assert not math.isnan(batch.readings[0][plan.outline.index(UPTIME)])
                outlines.append(plan.outline)
            assert outlines[0] == outlines[1]
            assert await poller.discover(device("stranger"), None) is None
        finally:
            await poller.close()

    asyncio.run(asyncio.wait_for(run(), 30))
