"""Reports on a run: pure computations, facts in, tables and charts out.

What is here needs neither numpy nor pandas, so that reports are served without them;
``models.reports.build`` computes them.
"""

from models.reports.report import Report
from models.reports.words import TITLES, Text

__all__ = ["TITLES", "Report", "Text"]
