"""Keep freed memory in the process while training.

A training step allocates and frees tensors of tens of megabytes. glibc takes each from the kernel and gives it back, and
the kernel clears every page again: on 2 cores that was a third of a step. `benchmarks/training.py` measures it.
"""

import ctypes
import sys

# Parameters of glibc's mallopt(3).
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Let the C allocator keep what is freed; returns whether it could be told (glibc only)."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return bool(mallopt and mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
