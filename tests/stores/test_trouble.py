"""A disk that is full and a file that may not be written, on file systems of their own in a mount namespace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FULL = """
import asyncio, os, sys
from netmon.errors import StoreError
from netmon.stores import open_store
from tests.stores.sample import RememberedVitals, at, opening

async def main(folder):
    vitals = RememberedVitals()
    store = await open_store(f"sqlite:///{folder}/netmon.db", vitals=vitals)
    kept = 0
    with open(f"{folder}/ballast", "wb") as ballast:
        ballast.write(bytes(1_500_000))
    for number in range(2000):
        try:
            await store.commit(opening(f"f{number}"), at(number))
        except StoreError as error:
            reason = str(error)
            break
        kept += 1
    assert "disk of the database is full" in reason, reason
    assert kept > 10, kept
    cases = await store.open_cases()
    assert len(cases) == kept and all(case.tickets for case in cases), "something is half written"
    tries = [store.commit(opening(f"g{number}"), at(number)) for number in range(20)]
    failed = [one for one in await asyncio.gather(*tries, return_exceptions=True) if one is not None]
    assert failed and all(isinstance(one, StoreError) for one in failed), failed
    assert sum(count for (_, label), count in vitals.counts.items() if label == "full") == 1 + len(failed)
    os.remove(f"{folder}/ballast")
    await store.commit(opening("after"), at(0))
    assert len(await store.open_cases()) == kept + 1 + (20 - len(failed))
    await store.close()

asyncio.run(main(sys.argv[1]))
"""

READ_ONLY = """
import asyncio, subprocess, sys
from netmon.errors import StoreError
from netmon.stores import open_store
from tests.stores.sample import RememberedVitals, at, opening

async def main(folder):
    url = f"sqlite:///{folder}/netmon.db"
    store = await open_store(url, vitals=RememberedVitals())
    await store.commit(opening("f1"), at(0))
    await store.close()
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    try:
        store = await open_store(url, vitals=RememberedVitals())
        await store.commit(opening("f2"), at(0))
    except StoreError as error:
        print(error)
        return
    raise AssertionError("it was written")

asyncio.run(main(sys.argv[1]))
"""


def run_on_small_disk(script: str, folder: Path) -> str:
    """Run a script with a file system of 3 MiB mounted on `folder`, which only that process sees."""
    mount = 'mount -t tmpfs -o size=3m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh", str(folder), sys.executable, script]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.peer("unshare")
def test_a_full_disk_fails_commits_whole_and_they_work_again_when_there_is_room(tmp_path: Path) -> None:
    run_on_small_disk(FULL, tmp_path)


@pytest.mark.peer("unshare")
def test_a_disk_that_became_read_only_is_told_in_a_sentence(tmp_path: Path) -> None:
    assert "that netmon may write there" in run_on_small_disk(READ_ONLY, tmp_path)
