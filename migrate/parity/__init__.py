"""Two sets of arrays → differences, the tolerance that would have been needed, a verdict."""

from .difference import EXACT, Difference, Tolerance, measure, worst
from .verdict import Verdict

__all__ = ["EXACT", "Difference", "Tolerance", "Verdict", "measure", "worst"]
