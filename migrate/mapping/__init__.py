"""From checkpoint names to the variables of the user's model, by a map."""

from .loading import ENVIRONMENT, UserModel
from .proposing import Proposal, propose, write_map
from .resolving import Assignment, MappingPlan, resolve
from .rules import Map, Rule, read_map
from .variables import MappingError, Mismatch, ModelVariable
from .way_back import map_of_report, plan_way_back

__all__ = [
    "ENVIRONMENT",
    "Assignment",
    "Map",
    "MappingError",
    "MappingPlan",
    "Mismatch",
    "ModelVariable",
    "Proposal",
    "Rule",
    "UserModel",
    "map_of_report",
    "plan_way_back",
    "propose",
    "read_map",
    "resolve",
    "write_map",
]
