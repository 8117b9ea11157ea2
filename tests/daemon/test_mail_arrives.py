"""From the outbox on disk to a real mail server: away, back, and never twice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from netmon.cli.common import NoVitals
from netmon.daemon.notifying import notifiers_for
from netmon.daemon.policies import courier_policy
from netmon.engine.courier import Courier
from netmon.model.country import Country
from netmon.model.decisions import OpenFault, OpenTicket, SendNotice
from netmon.model.fleet import Fleet
from netmon.model.notices import Channel, NoticeState
from netmon.settings import load_settings
from netmon.stores import open_store
from tests.engine.office import FAULT, INVENTORY, T0, UBON, V1, V2, SteppedClock, note
from tests.notifiers.kannel_peer import free_ports
from tests.notifiers.mail_server import Mailbox, mail_server


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_a_notice_outlives_its_mail_server_and_netmon_and_arrives_once(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    (port,) = free_ports(1)
    path = tmp_path / "netmon.yaml"
    path.write_text(f"mail: {{driver: smtp, host: 127.0.0.1, port: {port}, security: none, timeout: 2}}\n")
    settings = load_settings(path, {"STATE_DIRECTORY": str(tmp_path)})
    clock, country = SteppedClock(), Country(INVENTORY, Fleet(0, 1))

    async def work(hours: float) -> None:
        """A life of netmon: open the database, deliver for a while, end."""
        async with AsyncExitStack() as life:
            store = await open_store(settings.store.url, vitals=NoVitals())
            life.push_async_callback(store.close)
            await store.release_leases(clock.now(), rest=30, resends=1)
            drivers = notifiers_for(settings, country, life)
            policy = courier_policy(settings)
            courier = Courier(store, country, drivers, vitals=NoVitals(), clock=clock, policy=policy)
            end = clock.wall + hours * 3600
            while clock.wall < end:
                await courier.deliver_due(clock.now())
                clock.wall += 60

    store = await open_store(settings.store.url, vitals=NoVitals())
    await store.commit([OpenFault(FAULT), OpenTicket(FAULT.id, UBON, (V1, V2), T0)], clock.now())
    notices = [note(), note(replace(note().recipient, id="nipa"))]
    await store.commit([SendNotice(one, T0) for one in notices], clock.now())
    await store.close()

    await work(hours=2)
    mailbox = Mailbox()
    await stack.enter_async_context(mail_server(mailbox, None, port=port))
    await work(hours=0.5)
    await work(hours=0.5)

    assert sorted(to for _, (to,) in mailbox.envelopes) == ["nipa@example.th", "somchai@example.th"]
    (subject,) = {str(mail["Subject"]) for mail in mailbox.received}
    assert subject.startswith("หลายหมู่บ้าน ")
    assert subject.endswith(": คาดว่าไฟดับ [T-2569-000001]")
    store = await open_store(settings.store.url, vitals=NoVitals())
    stack.push_async_callback(store.close)
    left = await store.notices((NoticeState.SENT,), 10)
    assert [(line.notice.channel, line.reason) for line in left] == [(Channel.MAIL, "250 OK queued as 4cX1")] * 2
