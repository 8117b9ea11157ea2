"""Making a message of a letter, so that no letter can do harm."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from netmon.errors import InputError
from netmon.model.notices import Delivery, Letter, Verdict

log = logging.getLogger(__name__)
T = TypeVar("T")


_DESK = ThreadPoolExecutor(1, thread_name_prefix="netmon-letters")
"""One thread makes all letters. Python runs no two at a time anyway, and six that wanted to, when hundreds of letters
left after a storm, had the sweeps wait for each of them at every system call: 150 ms where 5 were their own."""


async def made(letter: Letter, make: Callable[[Letter], T]) -> T | Delivery:
    """What `make` makes of the letter, or the delivery that has failed because of it; beside the loop.

    A template that is broken can be mended, hence `retry`.
    """
    return await asyncio.get_running_loop().run_in_executor(_DESK, _made, letter, make)


def _made(letter: Letter, make: Callable[[Letter], T]) -> T | Delivery:
    try:
        return make(letter)
    except InputError as error:
        return Delivery(Verdict.RETRY, reason=str(error))
    except Exception as error:
        # One letter that cannot be made must not end the courier's loop, and its text may quote private data.
        log.exception("letter not rendered channel=%s stage=%s", letter.notice.channel, letter.notice.stage)
        return Delivery(Verdict.RETRY, reason=f"The letter could not be made: {type(error).__name__}.")
