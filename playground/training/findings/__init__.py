"""What is happening, in plain words: each finding comes from a rule about the statistics of a moment.

To add one, write one function Snapshot -> Finding or None under `@rule(...)` in the file of its subject: it is then on
the page. Findings are shown in the order of these files, and of the rules in each.
"""

from . import setting_rules, signal_rules, step_rules, outcome_rules  # isort: skip  # the order in which they are shown
from .finding import RULES, Finding, Rule, findings, findings_by_rule, rule

__all__ = [
    "RULES", "Finding", "Rule", "findings", "findings_by_rule", "outcome_rules", "rule", "setting_rules",
    "signal_rules", "step_rules",
]  # fmt: skip
