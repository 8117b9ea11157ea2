"""Both file drivers: the contract, and what is particular to files."""

import errno
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from netmon.model.notices import Channel, Letter, Person, Recipient, Stage, Verdict
from netmon.notifiers.files import FileNotifier, file_stem
from netmon.ports import Notifier
from tests.notifiers.letters import ADDRESSES, letter, noc_letter
from tests.notifiers.makers import file_mail, file_sms, mail_composer
from tests.notifiers.notifier_contract import NotifierContract

Make = Callable[[Path], FileNotifier]
DRIVERS: dict[Channel, Make] = {Channel.MAIL: file_mail, Channel.SMS: file_sms}


class FileContract(NotifierContract):
    """The contract, with a driver whose folder is missing as the one in trouble."""

    @pytest.fixture
    def notifier(self, channel: Channel, tmp_path: Path) -> Notifier:
        return DRIVERS[channel](tmp_path)

    @pytest.fixture
    def troubled(self, channel: Channel, tmp_path: Path) -> Notifier:
        return DRIVERS[channel](tmp_path / "missing")


class TestFileMail(FileContract):
    @pytest.fixture
    def channel(self) -> Channel:
        return Channel.MAIL


class TestFileSms(FileContract):
    @pytest.fixture
    def channel(self) -> Channel:
        return Channel.SMS


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@contextmanager
def no_room() -> Iterator[None]:
    """The kernel lets no file grow beyond a few bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("channel", Channel)
async def test_a_full_disk_is_a_retry_that_leaves_nothing_behind(channel: Channel, tmp_path: Path) -> None:
    driver, sample = DRIVERS[channel](tmp_path), letter(channel=channel)
    with no_room():
        delivery = await driver.deliver(sample)
    assert delivery.verdict is Verdict.RETRY
    assert not names_in(tmp_path)
    assert (await driver.deliver(sample)).verdict is Verdict.SENT


@pytest.mark.parametrize("channel", Channel)
async def test_a_folder_that_is_a_file_is_a_retry(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    delivery = await DRIVERS[channel](tmp_path / "out").deliver(letter(channel=channel))
    assert delivery.verdict is Verdict.RETRY
    assert "out cannot be written to: Not a directory." in delivery.reason


@pytest.mark.parametrize("channel", Channel)
async def test_a_read_only_file_system_is_a_retry(
    channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.mkstemp", refuse)  # a real one takes root and a mount
    delivery = await DRIVERS[channel](tmp_path).deliver(letter(channel=channel))
    assert (delivery.verdict, delivery.reason) == (
        Verdict.RETRY,
        f"{tmp_path} cannot be written to: Read-only file system.",
    )


async def test_a_letter_that_cannot_be_made_is_a_retry_that_quotes_no_data(tmp_path: Path) -> None:
    broken = replace(letter(), ticket=None)
    delivery = await file_mail(tmp_path).deliver(broken)
    assert delivery.verdict is Verdict.RETRY
    assert delivery.reason == "The letter could not be made: ValueError."


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        (letter(), "20261120-T-2569-000123-opened-tot-3706-t1.eml"),
        (letter(Stage.EXTENDED, revision=3), "20261120-T-2569-000123-extended-3-tot-3706-t1.eml"),
        (letter(channel=Channel.SMS), "20261120-T-2569-000123-opened-37060105.txt"),
        (letter(Stage.RESOLVED, Channel.SMS), "20261120-T-2569-000123-resolved-37060105.txt"),
        (noc_letter(Stage.BLIND), "20261120-netmon-blind-1795140900-noc.eml"),
    ],
)
async def test_files_are_named_by_date_ticket_stage_and_recipient(sample: Letter, name: str, tmp_path: Path) -> None:
    delivery = await DRIVERS[sample.notice.channel](tmp_path).deliver(sample)
    assert delivery.reference == name
    assert names_in(tmp_path) == [name]


async def test_a_repeat_of_a_message_of_several_replaces_its_file(tmp_path: Path) -> None:
    driver, letters = file_mail(tmp_path), (letter(), letter(Stage.RESOLVED))
    digest = replace(letters[-1], folded=letters)
    first = await driver.deliver(digest)
    again = await driver.deliver(replace(letters[0], repeats=digest.key))
    assert first.reference == again.reference == f"{digest.key}-tot-3706-t1.eml"
    assert names_in(tmp_path) == [first.reference]


async def test_nothing_is_written_that_is_not_to_leave_any_more(tmp_path: Path) -> None:
    class OverError(Exception):
        pass

    async def parting() -> None:
        raise OverError

    with pytest.raises(OverError):
        await file_mail(tmp_path).deliver(letter(), parting)
    assert not names_in(tmp_path)


@pytest.mark.parametrize("odd", ["../../etc/passwd", "a/b", "ช่างสมชาย", "x" * 300, "ช่าง" * 60, "a\nb\0c"])
def test_an_odd_id_makes_a_harmless_file_name(odd: str) -> None:
    sample = letter()
    notice = replace(sample.notice, recipient=Recipient(sample.notice.recipient.audience, odd))
    stem = file_stem(replace(sample, notice=notice))
    assert len(stem) <= 180
    assert Path(stem).name == stem
    assert stem.isascii()
    assert stem.isprintable()


async def test_a_mail_delivered_twice_is_the_same_file_byte_for_byte(tmp_path: Path) -> None:
    driver = file_mail(tmp_path)
    name = (await driver.deliver(letter())).reference
    first = (tmp_path / name).read_bytes()
    await driver.deliver(letter())
    assert (tmp_path / name).read_bytes() == first == mail_composer().compose(letter()).as_bytes()
    assert len(names_in(tmp_path)) == 1


async def test_an_sms_file_has_a_small_header_and_the_text(tmp_path: Path) -> None:
    name = (await file_sms(tmp_path).deliver(letter(channel=Channel.SMS))).reference
    assert (tmp_path / name).read_text() == (
        "To: +66610000005\n"
        "Date: 2026-11-20T09:19:00+07:00\n"
        "Idempotency-Key: 19a9f00d5.tot-3706.opened.0.sms.volunteer.37060105\n"
        "Ticket: T-2569-000123\n"
        "Stage: opened\n"
        "Village: 37060105\n"
        "Length: 68\n"
        "\n"
        "เน็ตประชารัฐ บ.หนองแวง ม.5 ขัดข้อง 09:15 แจ้งช่างแล้ว โทร 1111 กด 88\n"
    )


async def test_an_address_that_is_none_is_refused_for_good(tmp_path: Path) -> None:
    for text in (
        "somchai",
        "a@b@c",
        "ช่าง@example.invalid",
        "a b@example.invalid",
        "x@y.invalid\r\nBcc: z@y.invalid",
        "@",
    ):
        delivery = await file_mail(tmp_path).deliver(replace(letter(), person=Person("x", email=text)))
        assert delivery.verdict is Verdict.PERMANENT, text
    assert not names_in(tmp_path)


async def test_a_phone_number_stands_in_the_file_and_not_in_its_name(tmp_path: Path) -> None:
    name = (await file_sms(tmp_path).deliver(letter(channel=Channel.SMS))).reference
    mobile = ADDRESSES[Channel.SMS].mobile
    assert mobile in (tmp_path / name).read_text()
    assert mobile.removeprefix("+66") not in name
