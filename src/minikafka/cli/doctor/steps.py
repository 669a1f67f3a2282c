"""The steps an examination is made of, and how they are reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Report = Callable[[str, str, str], None]
"""(OK, NOTE or SKIPPED; the step; a sentence)"""

OK: Final = "ok"
NOTE: Final = "note"
SKIPPED: Final = "skip"


class Steps:
    """``current`` is the step that is being done."""

    def __init__(self, report: Report) -> None:
        self.current = ""
        self._report = report

    def begin(self, name: str) -> None:
        self.current = name

    def ok(self, sentence: str, *, of: str = "") -> None:
        """``of``: the step it is about, where that is another one."""
        self._report(OK, of or self.current, sentence)

    def note(self, sentence: str, *, of: str = "") -> None:
        """Something is worth knowing, and does not stop a client."""
        self._report(NOTE, of or self.current, sentence)

    def skip(self, why: str) -> None:
        self._report(SKIPPED, self.current, why)
