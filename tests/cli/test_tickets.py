"""The life of a ticket at the command line, in a real database."""

import asyncio
import re
from pathlib import Path

import pytest

from netmon.stores import open_store
from tests.cli.conftest import Netmon
from tests.stores.sample import RememberedVitals, at, opening


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings of a store with two open tickets."""

    async def fill() -> None:
        store = await open_store(f"sqlite:///{tmp_path}/netmon.db", vitals=RememberedVitals())
        await store.commit([*opening("f1"), *opening("f2")], at(1))
        await store.close()

    asyncio.run(fill())
    (tmp_path / "netmon.yaml").write_text(f"store: {{url: 'sqlite:///{tmp_path}/netmon.db'}}\n")
    return "netmon.yaml"


def first_number(listing: str) -> str:
    return str(re.findall(r"T-\d{4}-\d{6}", listing)[0])


def test_the_list_shows_open_tickets_and_where_they_belong(netmon: Netmon, config: str) -> None:
    said = netmon("tickets", "list", "-c", config)
    assert said.code == 0
    assert len(re.findall(r"T-\d{4}-\d{6}  acknowledged  TOT-3401 ", said.out)) == 2


def test_a_ticket_is_shown_with_its_cause_villages_and_history(netmon: Netmon, config: str) -> None:
    number = first_number(netmon("tickets", "list", "-c", config).out)
    said = netmon("tickets", "show", number, "-c", config)
    assert said.code == 0
    assert "cause feeder (confidence 30%)  priority normal\naccepted by nobody\n" in said.out
    assert "villages (2): 34010101 34010102" in said.out


def test_whoever_accepts_a_ticket_is_named_and_the_note_is_kept(netmon: Netmon, config: str) -> None:
    number = first_number(netmon("tickets", "list", "-c", config).out)
    said = netmon("tickets", "ack", number, "-c", config, "--by", "somchai", "-m", "ออกเดินทางแล้ว")
    assert (said.code, said.out) == (0, f"{number} is inProgress.\n")
    shown = netmon("tickets", "show", number, "-c", config).out
    assert "accepted by somchai" in shown
    assert "somchai: inProgress - ออกเดินทางแล้ว" in shown


def test_accepting_twice_is_refused_with_what_may_come_next(netmon: Netmon, config: str) -> None:
    number = first_number(netmon("tickets", "list", "-c", config).out)
    netmon("tickets", "ack", number, "-c", config, "--by", "somchai")
    said = netmon("tickets", "ack", number, "-c", config, "--by", "malee")
    assert said.code == 2
    assert f"Ticket {number} is inProgress, it cannot become inProgress; it may become" in said.err
    assert "accepted by somchai" in netmon("tickets", "show", number, "-c", config).out


def test_a_note_changes_nothing_but_the_history(netmon: Netmon, config: str) -> None:
    number = first_number(netmon("tickets", "list", "-c", config).out)
    said = netmon("tickets", "note", number, "waiting for a splice kit", "-c", config, "--by", "malee")
    assert (said.code, said.out) == (0, f"{number} is acknowledged.\n")
    assert "malee: note - waiting for a splice kit" in netmon("tickets", "show", number, "-c", config).out


def test_a_note_is_one_line_that_can_be_seen(netmon: Netmon, config: str) -> None:
    number = first_number(netmon("tickets", "list", "-c", config).out)
    assert netmon("tickets", "note", number, "สาย\u200bขาด\n  ที่เสา 7 ", "-c", config, "--by", "malee").code == 0
    assert "malee: note - สายขาด ที่เสา 7\n" in netmon("tickets", "show", number, "-c", config).out
    said = netmon("tickets", "note", number, "\x1b[2J", "-c", config)
    assert (said.code, "There are control characters in it" in said.err) == (2, True)
    said = netmon("tickets", "note", number, "x" * 2_001, "-c", config)
    assert (said.code, "2,001 characters are too many; 2,000 fit." in said.err) == (2, True)


def test_an_empty_note_is_refused(netmon: Netmon, config: str) -> None:
    number = first_number(netmon("tickets", "list", "-c", config).out)
    said = netmon("tickets", "note", number, "", "-c", config)
    assert (said.code, "Write something; this is empty." in said.err) == (2, True)


def test_a_resolved_ticket_leaves_the_list_but_not_the_record(netmon: Netmon, config: str) -> None:
    number = first_number(netmon("tickets", "list", "-c", config).out)
    assert netmon("tickets", "resolve", number, "-c", config, "--by", "malee", "-m", "spliced").code == 0
    assert number not in netmon("tickets", "list", "-c", config).out
    assert re.search(rf"{number}  resolved ", netmon("tickets", "list", "--all", "-c", config).out)


def test_resolving_twice_is_refused(netmon: Netmon, config: str) -> None:
    number = first_number(netmon("tickets", "list", "-c", config).out)
    netmon("tickets", "resolve", number, "-c", config)
    said = netmon("tickets", "resolve", number, "-c", config)
    assert (said.code, f"Ticket {number} is resolved, it cannot become resolved" in said.err) == (2, True)


@pytest.mark.parametrize(
    "action", [["show", "9"], ["ack", "9"], ["note", "9", "hello"], ["resolve", "9"], ["show", ""]]
)
def test_an_unknown_number_is_a_sentence(netmon: Netmon, config: str, action: list[str]) -> None:
    said = netmon("tickets", *action, "-c", config)
    assert (said.code, said.out) == (2, "")
    assert re.match(r"There is no ticket '?9?'?[.;]", said.err)


def test_without_a_login_name_one_is_asked_for(netmon: Netmon, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    number = first_number(netmon("tickets", "list", "-c", config).out)
    said = netmon("tickets", "ack", number, "-c", config)
    assert (said.code, said.err) == (2, "This user has no name here; say who you are with --by.\n")
