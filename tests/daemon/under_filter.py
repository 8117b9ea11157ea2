"""Runs a program under a system call filter, as systemd does for SystemCallFilter= with SystemCallErrorNumber=EPERM.

`argv`: the names of the calls that are allowed, `--`, the program and its arguments.
"""

import ctypes
import errno
import os
import sys

_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM  # seccomp.h
_UNKNOWN = -1


def main() -> None:
    """Load the filter and become the program."""
    split = sys.argv.index("--")
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(_REFUSE)))
    for name in sys.argv[1:split]:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        # Below zero are calls of other architectures.
        if number > _UNKNOWN and seccomp.seccomp_rule_add(context, ctypes.c_uint32(_ALLOW), number, 0):
            sys.exit(f"seccomp takes no rule for {name}")
    if seccomp.seccomp_load(context):
        sys.exit("the filter is not accepted")
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])


if __name__ == "__main__":
    main()
