"""A lock that a process holds on an open file, and that dies with it. In: a descriptor. Out: whether it is held now."""

from __future__ import annotations

import errno
import sys


def try_lock(descriptor: int) -> bool:
    """Take the lock unless another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True
