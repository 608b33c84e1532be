"""Models of KAMP, by subject."""

from kamp.models.clips import Clip, Duplicate
from kamp.models.datasets import Dataset, Product, Recipe
from kamp.models.drift import DriftCheck
from kamp.models.inspections import Inspection, InspectorDecision
from kamp.models.labelling import Label, LabelUndo
from kamp.models.reports import InspectionReport
from kamp.models.showcases import (
    Metric,
    Showcase,
    ShowcaseImage,
    ShowcaseMove,
    ShowcasePdf,
    ShowcaseStep,
    Testimonial,
)
from kamp.models.training import InspectionModel, InspectionModelMove
from kamp.models.workspaces import Workspace, WorkspaceInvitation, WorkspaceMember

__all__ = [
    "Clip",
    "Dataset",
    "DriftCheck",
    "Duplicate",
    "Inspection",
    "InspectionModel",
    "InspectionModelMove",
    "InspectionReport",
    "InspectorDecision",
    "Label",
    "LabelUndo",
    "Metric",
    "Product",
    "Recipe",
    "Showcase",
    "ShowcaseImage",
    "ShowcaseMove",
    "ShowcasePdf",
    "ShowcaseStep",
    "Testimonial",
    "Workspace",
    "WorkspaceInvitation",
    "WorkspaceMember",
]
