"""The outcome of a comparison, in words."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Whether parity holds; true only where it was measured and holds.

    ``NOT_PROVED``: a model was made, and nothing has shown that it computes the same.
    ``NOT_RUN``: there was nothing to prove, such as weights alone.
    """

    PASS = "pass"
    FAIL = "fail"
    NOT_PROVED = "not proved"
    NOT_RUN = "not run"

    def __bool__(self) -> bool:
        return self is Verdict.PASS

    @classmethod
    def of(cls, holds: bool | None) -> Verdict:
        """The verdict for a measured truth, or for None: nothing was measured."""
        if holds is None:
            return cls.NOT_RUN
        return cls.PASS if holds else cls.FAIL
