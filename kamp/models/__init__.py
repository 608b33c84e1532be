"""Facts of showcases, workspaces, data sets, models and inspections."""

from kamp.models.dataset import Clip, Dataset, Duplicate, Label, Product, Recipe
from kamp.models.inspection import (
    DriftCheck,
    Inspection,
    InspectionModel,
    InspectionModelMove,
    InspectionReport,
    InspectorDecision,
)
from kamp.models.showcase import (
    Metric,
    Showcase,
    ShowcaseImage,
    ShowcaseMove,
    ShowcasePaper,
    ShowcaseStep,
    Testimonial,
)
from kamp.models.workspace import Workspace, WorkspaceInvitation, WorkspaceMember

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
    "Metric",
    "Product",
    "Recipe",
    "Showcase",
    "ShowcaseImage",
    "ShowcaseMove",
    "ShowcasePaper",
    "ShowcaseStep",
    "Testimonial",
    "Workspace",
    "WorkspaceInvitation",
    "WorkspaceMember",
]
