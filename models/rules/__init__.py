"""The one language of tiers, lists, guardrails and filters.

A rule is a SQL boolean expression over known columns. It is read by SQLGlot, checked
node by node, and written again for SQLite, PostgreSQL or DuckDB with bound parameters:
no word of it is ever pasted into SQL, and the three select the same rows.
"""

from models.rules.language.nodes import RuleType
from models.rules.parse import parse_amount, parse_order, parse_rule
from models.rules.rule import Amount, Order, Rule
from models.rules.writer import CompiledRule, Dialect

__all__ = [
    "Amount",
    "CompiledRule",
    "Dialect",
    "Order",
    "Rule",
    "RuleType",
    "parse_amount",
    "parse_order",
    "parse_rule",
]
