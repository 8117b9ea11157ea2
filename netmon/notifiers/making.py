"""Making a message of a letter, so that no letter can do harm."""

import logging
from collections.abc import Callable
from typing import TypeVar

from netmon.errors import InputError
from netmon.model.notices import Delivery, Letter, Verdict

log = logging.getLogger(__name__)
T = TypeVar("T")


def made(letter: Letter, make: Callable[[Letter], T]) -> T | Delivery:
    """What `make` makes of the letter, or the delivery that has failed because of it.

    A template that is broken can be mended, hence `retry`.
    """
    try:
        return make(letter)
    except InputError as error:
        return Delivery(Verdict.RETRY, reason=str(error))
    except Exception as error:
        # One letter that cannot be made must not end the courier's loop, and its text may quote private data.
        log.exception("letter not rendered channel=%s stage=%s", letter.notice.channel, letter.notice.stage)
        return Delivery(Verdict.RETRY, reason=f"The letter could not be made: {type(error).__name__}.")
