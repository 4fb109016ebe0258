"""`python -m signaling.images`: a process that re-encodes pictures, one after another, within limits that the kernel enforces.

A request on standard input is the picture's length in four bytes, then the picture. The reply on standard output is a line of
JSON, then the new picture. The line has `busy_s` (seconds of CPU time). For a refused picture, the line also has `reason`. For
any other picture, the line also has `mime`, `width`, `height` and `size` (bytes of the new picture).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import signal
import sys
import time
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO

from .reencode import reencode
from .refusal import PictureRefused

PR_SET_PDEATHSIG = 1
NICE = 5  # Increase of the process's niceness, so that calls have priority on the CPU.
_STATUS = Path("/proc/self/status")  # Contains the memory use of this process; exists on Linux only.


def confine(memory_bytes: int) -> None:
    """Forbid this process to write files and core dumps. On Linux, limit its memory to `memory_bytes` more than it uses now."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if _STATUS.exists():
        used = next(int(line.split()[1]) * 1024 for line in _STATUS.read_text().splitlines() if line.startswith("VmData"))
        resource.setrlimit(resource.RLIMIT_DATA, (used + memory_bytes, used + memory_bytes))


def allow(processor_s: int) -> None:
    """Let this process use `processor_s` more seconds of CPU time. After that, the kernel ends the process by SIGXCPU."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(time.process_time()) + processor_s, most))


def serve(requests: BinaryIO, replies: BinaryIO, processor_s: int) -> None:
    """Re-encode pictures from `requests` until there are no more, each within `processor_s` seconds of CPU time."""
    while len(length := requests.read(4)) == 4:
        data = requests.read(int.from_bytes(length, "big"))
        allow(processor_s)
        begun_s = time.process_time()
        head, body = _answer(data)
        del data
        head["busy_s"] = round(time.process_time() - begun_s, 4)
        replies.write(json.dumps(head).encode() + b"\n" + body)
        replies.flush()


def _answer(data: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        made = reencode(data)
    except PictureRefused as refused:
        return {"reason": refused.reason}, b""
    return {"mime": made.mime, "width": made.width, "height": made.height, "size": len(made.data)}, made.data


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m signaling.images")
    parser.add_argument("--parent", type=int, required=True, help="id of the parent process, with which this one ends")
    parser.add_argument("--memory", type=int, required=True, help="bytes of memory that a picture may take")
    parser.add_argument("--processor", type=int, required=True, help="seconds of CPU time that a picture may take")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group, but only the parent ends this process
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != given.parent:
        sys.exit("the parent process is gone")
    confine(given.memory)
    serve(sys.stdin.buffer, sys.stdout.buffer, given.processor)


if __name__ == "__main__":
    main()
