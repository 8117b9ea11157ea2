"""Opening sockets in another network namespace.

A socket belongs for life to the namespace its thread was in when it was made. So a short-lived thread enters the
namespace, opens, and ends; the rest of the daemon never leaves its own.
"""

import ctypes
import errno
import os
import threading
from collections.abc import Callable
from typing import TypeVar

from netmon.errors import InputError, ProbeError

T = TypeVar("T")

NAMED = "/run/netns"
"""Where `ip netns add` keeps the namespaces it names."""
_CLONE_NEWNET = 0x40000000


def open_in_namespace(namespace: str, opener: Callable[[], T]) -> T:
    """Run `opener` inside a network namespace and return what it opened.

    Args:
        namespace: a name under /run/netns, a path such as /proc/PID/ns/net, or '' for the one we are in.
        opener: opens sockets; runs in a thread of its own unless `namespace` is ''.

    Raises:
        InputError: there is no such namespace.
        ProbeError: the kernel does not let us in.
    """
    if not namespace:
        return opener()
    opened: list[T] = []
    failed: list[BaseException] = []

    def enter_and_open() -> None:
        try:
            _enter(namespace)
            opened.append(opener())
        except BaseException as error:  # whatever it is belongs to the caller's thread
            failed.append(error)

    thread = threading.Thread(target=enter_and_open, name=f"enter {namespace}")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return opened[0]


def _enter(namespace: str) -> None:
    path = namespace if namespace.startswith("/") else f"{NAMED}/{namespace}"
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"there is no network namespace '{namespace}' ({path} does not exist); `ip netns list` shows the names"
        ) from None
    except OSError as error:
        raise ProbeError(f"the network namespace '{namespace}' cannot be opened: {error.strerror}") from None
    try:
        # os.setns came with Python 3.12.
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(handle, _CLONE_NEWNET) != 0:
            raise _refusal(namespace, path, ctypes.get_errno())
    finally:
        os.close(handle)


def _refusal(namespace: str, path: str, code: int) -> Exception:
    reason = os.strerror(code)
    if code == errno.EINVAL:
        return InputError(f"'{namespace}' is not a network namespace ({path}: {reason})")
    return ProbeError(
        f"entering the network namespace '{namespace}' was refused ({reason}); netmon needs CAP_SYS_ADMIN for that"
    )
