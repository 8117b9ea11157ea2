"""Many letters in one mail: it names all it folds, the worst first, and is the same mail when it is sent again."""

from collections.abc import Sequence
from dataclasses import replace

from netmon.model.faults import Cause
from netmon.model.ids import FaultId, TicketNumber
from netmon.model.notices import Channel, Letter, Stage
from netmon.notifiers import SmsRenderer, Templates
from tests.notifiers.letters import NINE_FIFTEEN, fault_of, letter, resolved, village
from tests.notifiers.makers import CONTACT, html, mail_composer, plain, sent


def about(number: int, villages: int = 1, *, over: bool = False) -> Letter:
    """A letter about a fault of its own."""
    there = [village(one) for one in range(1, villages + 1)]
    fault = fault_of(there, id=FaultId(f"f{number}"), cause=Cause.POWER)
    if over:
        fault = resolved(fault, NINE_FIFTEEN + 3600)
    one = letter(Stage.RESOLVED if over else Stage.OPENED, villages=there, fault=fault)
    assert one.ticket is not None
    return replace(one, ticket=replace(one.ticket, number=TicketNumber(f"T-2569-{number:06d}")))


def folded(letters: Sequence[Letter]) -> Letter:
    return replace(letters[-1], folded=tuple(letters))


LETTERS = [about(1, over=True), about(2, villages=2), about(3, villages=60), about(4)]


def test_a_digest_names_every_ticket_once_the_largest_dark_one_first() -> None:
    text = plain(folded(LETTERS))
    thai, english = text.split("---------- English ----------")
    for part in (thai, english):
        tickets = [line[1:14] for line in part.splitlines() if line.startswith("[T-")]
        assert tickets == ["T-2569-000003", "T-2569-000002", "T-2569-000004", "T-2569-000001"]
    assert thai.startswith("สรุป 4 เรื่อง ณ 20 พ.ย. 2569")
    assert "[T-2569-000003] ขัดข้อง: 60 หมู่บ้าน ในอำเภอปทุมราชวงศา จังหวัดอำนาจเจริญ" in thai
    assert "กลับมาใช้ได้แล้ว: บ้านหนองแวง" in thai
    assert "4 matters" in english


def test_its_html_names_them_too_and_its_table_lists_every_village() -> None:
    page = html(folded(LETTERS))
    for number in range(1, 5):
        assert f"T-2569-00000{number}" in page
    (table,) = sent(folded(LETTERS)).iter_attachments()
    content = table.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.count(b"\r\n") == 1 + 1 + 2 + 60 + 1


def test_a_digest_is_no_part_of_a_tickets_thread() -> None:
    mail = sent(folded(LETTERS))
    assert mail["Subject"] == "netmon เน็ตประชารัฐ: สรุปหลายเรื่อง"
    assert mail["References"] is mail["In-Reply-To"] is mail["X-Netmon-Ticket"] is None
    assert mail["X-Netmon-Stage"] == "digest"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_same_letters_make_the_same_mail_and_one_under_another_notice_is_another() -> None:
    compose = mail_composer().compose
    one, again, fewer, other = (compose(folded(of)) for of in (LETTERS, LETTERS, LETTERS[1:], LETTERS[:-1]))
    assert one.as_bytes() == again.as_bytes()
    assert one["Message-ID"] == fewer["Message-ID"], "sent again without what is over by now"
    assert one["Message-ID"] != other["Message-ID"]
    assert one["Message-ID"] != compose(LETTERS[-1])["Message-ID"]


def test_what_repeats_a_message_in_doubt_has_its_id_whatever_is_left_of_it() -> None:
    compose = mail_composer().compose
    digest = folded(LETTERS)
    first = compose(digest)
    for left in (folded(LETTERS[:2]), LETTERS[0]):
        again = compose(replace(left, repeats=digest.key))
        assert again["Message-ID"] == first["Message-ID"]
        assert again["X-Netmon-Idempotency-Key"] == first["X-Netmon-Idempotency-Key"]


def test_an_sms_tells_the_latest_because_there_is_no_room_for_more() -> None:
    letters = [letter(channel=Channel.SMS), letter(Stage.RESOLVED, Channel.SMS)]
    renderer = SmsRenderer(Templates(), CONTACT)
    assert renderer.render(folded(letters)) == renderer.render(letters[-1])
