"""Network namespaces: which process lives where, so that no packet for the lab's country can leave the machine.

Two ways, the first wherever the kernel allows it:

* **OWN** (root, or CAP_SYS_ADMIN): the lab's process makes a network namespace for itself (`unshare`), and only it
  lives there. The daemon stays in the host's and opens nothing but its probe sockets in the lab's, through the setting
  `probing.namespace: /proc/PID/ns/net`; its HTTP, mail and gateway connections are ordinary.
* **PRIVATE** (an ordinary user): the lab's process enters a user + network namespace of its own as a whole. The daemon
  is started in there too (`nsenter --user --net --target PID`), with the HTTP socket that its caller opened before in
  the host's network; it needs no setting, and its probe sockets are all it can open towards anything.
* **INHERITED**: the caller has entered a private network itself (`enter_private_network()`, before it made any thread
  or child), and all its children live there.

A namespace ends with its last process and last open socket, so nothing needs cleaning up.
"""

import ctypes
import os
import signal
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from netmon.errors import InputError, ProbeError

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Home(StrEnum):
    """Where the lab's process lives: in a namespace it makes (with or without privileges), or where it was started."""

    OWN = "own"
    PRIVATE = "private"
    INHERITED = "inherited"


def may_make_namespace() -> bool:
    """Whether this process may make a network namespace as it is; tried in a child, so nothing changes here."""
    child = os.fork()
    if child == 0:
        os._exit(0 if _libc.unshare(_CLONE_NEWNET) == 0 else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def make_own_namespace() -> None:
    """Move the calling process (still single-threaded) into a new network namespace, ping sockets open to all.

    Raises:
        ProbeError: the kernel does not allow it.
    """
    if _libc.unshare(_CLONE_NEWNET) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise ProbeError(f"no network namespace for the lab: {reason}; run as root or enter a private network first")
    open_ping_sockets()


def enter_private_network() -> str:
    """Move the calling process into a new user + network namespace; what was done, as an English clause.

    The process must have one thread. It keeps its files and its user towards the rest of the machine, and is
    administrator of the new network only.

    Raises:
        InputError: the kernel does not allow user namespaces; the text says what to set.
    """
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise InputError(
            f"the kernel gives this user no network namespace ({reason}); run as root, or allow it with "
            "sysctl user.max_user_namespaces=10000 (and kernel.unprivileged_userns_clone=1 or "
            "kernel.apparmor_restrict_unprivileged_userns=0 where these exist)"
        )
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"0 {user} 1")
    (own / "gid_map").write_text(f"0 {group} 1")
    open_ping_sockets()
    return f"entered a user and network namespace of its own (user {user} is its administrator)"


def open_ping_sockets() -> None:
    """Let every group of the current network namespace open the unprivileged kind of ICMP socket."""
    setting = Path("/proc/sys/net/ipv4/ping_group_range")
    for groups in ("0 2147483647", "0 0"):  # a user namespace knows only the groups mapped into it
        with suppress(OSError):
            setting.write_text(groups)
            return


def die_with_parent(parent: int) -> None:
    """Be ended (SIGTERM) when the parent process ends, whatever ends it; `parent` is its id as the caller knew it."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the line above
        os.kill(os.getpid(), signal.SIGTERM)
