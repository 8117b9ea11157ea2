"""Backups of a database in use, and the way back."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from netmon.errors import InputError, StoreError
from netmon.stores import backup, database, hold_database, open_store, restore
from tests.stores.sample import RememberedVitals, at, notice, opening
from tests.stores.store_contract import everything


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def make(file: Path, *names: str) -> object:
    """Commit these faults; returns all that the store shows."""
    return asyncio.run(_make(file, names))


async def _make(file: Path, names: Sequence[str]) -> object:
    store = await open_store(url(file), vitals=RememberedVitals())
    for name in names:
        await store.commit(opening(name, notices=(notice(name),)), at(0))
    shown = await everything(store)
    await store.close()
    return shown


def shown_by(file: Path) -> object:
    return make(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "netmon.db"


async def backup_under_fire(file: Path, target: Path) -> None:
    """Commit 20 faults, then copy while 200 more are committed."""
    store = await open_store(url(file), vitals=RememberedVitals())
    for number in range(20):
        await store.commit(opening(f"before{number}"), at(0))

    async def fire() -> None:
        for number in range(200):
            await store.commit(opening(f"during{number}"), at(0))

    firing = asyncio.create_task(fire())
    await asyncio.sleep(0.02)
    await asyncio.to_thread(backup, url(file), target)
    await firing
    await store.close()


def test_a_backup_made_under_fire_is_whole_and_holds_all_that_was_acknowledged_before(
    file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "a backup, 50%?.db"
    asyncio.run(backup_under_fire(file, target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == [target.name]
    with closing(sqlite3.connect(target)) as connection:
        faults = {name for (name,) in connection.execute("SELECT id FROM fault")}
        assert {f"before{number}" for number in range(20)} <= faults
        (tickets,) = connection.execute("SELECT COUNT(*) FROM ticket").fetchone()
        assert tickets == len(faults)


def test_a_restored_backup_shows_what_was_there_and_the_replaced_database_is_kept(file: Path, tmp_path: Path) -> None:
    shown = make(file, "f1", "f2")
    backup(url(file), tmp_path / "copy")
    later = make(file, "f3")
    assert restore(url(file), tmp_path / "copy") == tmp_path / "netmon.db.replaced"
    assert shown_by(file) == shown
    assert shown_by(tmp_path / "netmon.db.replaced") == later


def test_commits_that_are_only_in_the_log_of_a_killed_daemon_never_reach_the_restored_database(
    file: Path, tmp_path: Path
) -> None:
    shown = make(file, "f1")
    backup(url(file), tmp_path / "copy")
    dying = f"import asyncio, os; from tests.stores.test_backup import *; asyncio.run(die(Path({str(file)!r})))"
    subprocess.run([sys.executable, "-c", dying], check=False)
    assert Path(f"{file}-wal").stat().st_size > 0
    restore(url(file), tmp_path / "copy")
    assert shown_by(file) == shown


async def die(file: Path) -> None:
    """Commit, and end without closing."""
    store = await open_store(url(file), vitals=RememberedVitals())
    await store.commit(opening("late"), at(0))
    os._exit(1)


def test_a_lost_database_is_restored_where_there_is_none(file: Path, tmp_path: Path) -> None:
    shown = make(file, "f1")
    backup(url(file), tmp_path / "copy")
    file.unlink()
    assert restore(url(file), tmp_path / "copy") is None
    assert shown_by(file) == shown


def test_a_database_at_work_is_not_replaced(file: Path, tmp_path: Path) -> None:
    shown = make(file, "f1")
    backup(url(file), tmp_path / "copy")
    before = file.read_bytes()
    with hold_database(url(file)), pytest.raises(InputError, match="Another netmon is at work"):
        restore(url(file), tmp_path / "copy")
    assert file.read_bytes() == before
    restore(url(file), tmp_path / "copy")
    assert shown_by(file) == shown


def test_two_daemons_cannot_hold_one_database(file: Path) -> None:
    with hold_database(url(file)), pytest.raises(InputError, match="stop that first"), hold_database(url(file)):
        pytest.fail("both hold it")
    with hold_database(url(file)):
        pass


def test_a_holder_that_is_killed_lets_go(file: Path) -> None:
    holding = f"from netmon.stores import *\nwith hold_database({url(file)!r}): print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError), hold_database(url(file)):
            pytest.fail("both hold it")
        holder.kill()
    with hold_database(url(file)):
        pass


def damaged(copy: Path) -> None:
    body = bytearray(copy.read_bytes())
    body[4096:8192] = b"\xa5" * 4096
    copy.write_bytes(body)


def newer(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def foreign(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (damaged, "damaged|malformed"),
        (newer, "newer netmon"),
        (foreign, "not netmon's"),
        (lambda copy: copy.write_bytes(b""), "no backup of netmon's"),
        (lambda copy: copy.write_bytes(b"PK\3\4" * 3000), "not a database"),
    ],
    ids=["damaged", "newer", "foreign", "empty", "no database"],
)
def test_a_bad_backup_changes_nothing(file: Path, tmp_path: Path, spoil, sentence: str) -> None:
    shown = make(file, "f1")
    copy = tmp_path / "copy"
    backup(url(file), copy)
    spoil(copy)
    names = {path.name for path in tmp_path.iterdir()} | {"netmon.db.lock"}
    with pytest.raises(StoreError, match=sentence):
        restore(url(file), copy)
    assert {path.name for path in tmp_path.iterdir()} == names
    assert shown_by(file) == shown


def test_nothing_that_is_there_is_overwritten(file: Path, tmp_path: Path) -> None:
    make(file, "f1")
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(InputError, match="is there already"):
        backup(url(file), tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"
    backup(url(file), tmp_path / "good")
    (tmp_path / "netmon.db.replaced").write_text("precious, too")
    with pytest.raises(InputError, match="earlier restore"):
        restore(url(file), tmp_path / "good")


def test_a_missing_file_or_folder_is_told_in_a_sentence(file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        restore(url(file), tmp_path / "copy")
    with pytest.raises(StoreError, match="cannot be copied"):
        backup(url(file), tmp_path / "copy")
    with (
        pytest.raises(StoreError, match="cannot be written \\(No such file or directory\\)"),
        hold_database(f"sqlite:///{tmp_path}/missing/netmon.db"),
    ):
        pytest.fail("held")
    assert not (tmp_path / "copy").exists()


def test_postgresql_is_left_to_its_own_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "find_spec", lambda _: object())  # psycopg is there
    with pytest.raises(InputError, match="pg_dump"):
        backup("postgresql://netmon@localhost/netmon", tmp_path / "copy")
    with hold_database("postgresql://netmon@localhost/netmon"), hold_database("postgresql://netmon@localhost/netmon"):
        pass
