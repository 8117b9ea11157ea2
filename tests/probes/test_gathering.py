"""Reading a busy socket in batches."""

import asyncio
import socket

import pytest

from netmon.probes.gathering import GATHER, GatheringReader


@pytest.fixture
def pair():
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    near.setblocking(False)
    yield near, far
    near.close()
    far.close()


def reader_of(sock, batches, budget):
    def read(_now):
        count = 0
        try:
            while count < budget:
                sock.recv(100)
                count += 1
        except BlockingIOError:
            pass
        batches.append(count)
        return count

    return read


def run(scenario):
    asyncio.run(scenario)


def test_a_single_datagram_is_read_at_once(pair):
    near, far = pair
    batches: list[int] = []

    async def scenario():
        reader = GatheringReader(asyncio.get_running_loop(), near, reader_of(near, batches, 8), budget=8)
        far.send(b"x")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert batches == [1]
        reader.close()

    run(scenario())


def test_datagrams_that_trickle_in_are_read_in_few_batches_and_none_is_left(pair):
    near, far = pair
    batches: list[int] = []

    async def scenario():
        reader = GatheringReader(asyncio.get_running_loop(), near, reader_of(near, batches, 64), budget=64)
        for _ in range(100):
            far.send(b"x")
            await asyncio.sleep(0)
        await asyncio.sleep(GATHER * 5)
        assert sum(batches) == 100
        assert len(batches) < 50
        far.send(b"x")
        await asyncio.sleep(GATHER * 5)
        assert sum(batches) == 101, "back to being woken after a pause"
        reader.close()
        far.send(b"x")
        await asyncio.sleep(GATHER * 2)
        assert sum(batches) == 101, "closed means closed"

    run(scenario())


def test_a_flood_lets_other_work_have_its_turn(pair):
    near, far = pair
    batches: list[int] = []

    async def scenario():
        reader = GatheringReader(asyncio.get_running_loop(), near, reader_of(near, batches, 2), budget=2)
        for _ in range(8):
            far.send(b"x")
        turns = 0
        while sum(batches) < 8:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= 4
        assert max(batches) == 2
        reader.close()

    run(scenario())
