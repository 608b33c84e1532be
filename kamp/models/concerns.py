"""What cases and models of KAMP are about, and where people of its workspaces belong."""

from portal.core.concerns import Belonging, Concern, Path

CONCERNS = {
    "kamp.Workspace": Concern(firms=(Path(""),)),
    "kamp.Showcase": Concern(firms=(Path("workspace"),)),
    "kamp.InspectionModel": Concern(firms=(Path("dataset__workspace"),)),
}

BELONGINGS = {
    "kamp.WorkspaceMember": Belonging("user", "workspace__business_number"),
}
