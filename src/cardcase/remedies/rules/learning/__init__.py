"""What a shop's own closed cases say about the advice, pure: labels, learned values, calibration, overrides.

Read ``labels.py`` first. Why it is built this way: docs/decisions/0011-learned-values.md.
"""

from .calibration import Calibration, Forecast, Group, Score, calibrate
from .labels import LABEL_VERSION, Closed, Label, Source, Statement, Verdict, closed_of, fresh, label_of
from .overrides import BECAUSE, UNSAID, Because, Choice, Ending, OverrideReport, Why, is_other, overrides
from .shrink import LEAST, Share, wilson
from .values import Example, as_toml, learn

__all__ = [
    "BECAUSE",
    "LABEL_VERSION",
    "LEAST",
    "UNSAID",
    "Because",
    "Calibration",
    "Choice",
    "Closed",
    "Ending",
    "Example",
    "Forecast",
    "Group",
    "Label",
    "OverrideReport",
    "Score",
    "Share",
    "Source",
    "Statement",
    "Verdict",
    "Why",
    "as_toml",
    "calibrate",
    "closed_of",
    "fresh",
    "is_other",
    "label_of",
    "learn",
    "overrides",
    "wilson",
]
