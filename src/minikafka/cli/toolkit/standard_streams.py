"""Standard streams that are closed or take no more: a command ends with a sentence, not a traceback."""

from __future__ import annotations

import os
import sys
from typing import Final

_STREAMS: Final = (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_WRONLY, "w"), ("stderr", os.O_WRONLY, "w"))


def open_closed_streams() -> None:
    """What was closed (``>&-``) is empty, or drops what is written to it.

    Python has None in place of such a stream, and the next socket or file would get its number.
    """
    for number, (name, flags, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, flags)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 it stays open


def flush_output(command: str) -> bool:
    """Whether standard output could be written. What could not is dropped, with a sentence on stderr; silently where
    nobody reads any more.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
    except OSError as error:
        drop_output()
        print(f"{command}: standard output cannot be written: {error.strerror}", file=sys.stderr)
        return False
    return True


def drop_output() -> None:
    """What is written to standard output from now on goes nowhere, without a complaint when the process ends."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())
    os.close(descriptor)
