"""The query language: small programs in the JSON of a workflow, checked once and run on any number of values.

`Query`, `Condition` and `queries` are what the signatures of blocks are written with.
"""

from blocks.query.operation import Operations
from blocks.query.parse import Condition, Query, parse_operations, parse_statement, queries
from blocks.query.properties import Row
from blocks.query.statements import Statement

__all__ = ["Condition", "Operations", "Query", "Row", "Statement", "parse_operations", "parse_statement", "queries"]
