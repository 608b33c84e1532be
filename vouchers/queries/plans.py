"""Which report rules hold for a service."""

from vouchers.models import ReportPlan, Service


def of_service(service: Service) -> ReportPlan | None:
    """Return the rules of the latest round that tried the service, else those of the latest round."""
    rows = ReportPlan.objects.order_by("-round__opens_at")
    return rows.filter(round__assignments__service=service).first() or rows.first()
