"""A seeded VPC with labelled incidents, written as AWS writes flow logs.

For first runs, tests and benchmarks: `simulate` gives log objects in AWS's own
key layout and, beside them, the truth of who talked to whom.
"""

from ingest.simulate.incidents import INCIDENTS
from ingest.simulate.simulation import (
    DEFAULT_FIELDS,
    INTERVALS_S,
    MONDAY,
    V5_FIELDS,
    SimulationReport,
    simulate,
)

__all__ = [
    "DEFAULT_FIELDS",
    "INCIDENTS",
    "INTERVALS_S",
    "MONDAY",
    "V5_FIELDS",
    "SimulationReport",
    "simulate",
]
