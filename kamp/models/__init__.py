"""Facts of showcases, workspaces, data sets, models and inspections."""

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
    "Metric",
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
