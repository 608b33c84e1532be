"""The page of one's own calendar and mails, and the calendar itself."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal.access.decorators import public, signed_in
from portal.access.requests import person
from portal.core.clock import now
from portal.models import TodoSettings
from portal.todos import feed, icalendar


@signed_in
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_calendar(request: HttpRequest) -> HttpResponse:
    """Show the calendar's state; make, renew or revoke its address, and choose the mails."""
    user = person(request)
    address = ""
    match request.POST.get("act") if request.method == "POST" else None:
        case "renew":
            token = feed.renew(user, now=now())
            address = settings.ORIGIN + reverse("calendar_feed", args=[token])
        case "revoke":
            feed.revoke(user)
            messages.success(request, "달력 주소를 폐기했습니다.")
            return redirect("own_calendar")
        case "mails":
            feed.settings_of(user)
            urgent = request.POST.get("urgent_only") == "on"
            TodoSettings.objects.filter(user=user).update(urgent_only=urgent)
            messages.success(request, "메일 설정을 저장했습니다.")
            return redirect("own_calendar")
    known = TodoSettings.objects.filter(user=user).first()
    return render(request, "portal/calendar.html", {"known": known, "address": address})


@public
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Send a person's calendar to whom has its secret address; the address is all that opens it."""
    at = now()
    user = feed.owner_of(token, now=at)
    if user is None:
        raise Http404
    if not feed.may_read(user):
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    answer = HttpResponse(feed.calendar_of(user, now=at), content_type=icalendar.CONTENT_TYPE)
    answer["Content-Disposition"] = 'inline; filename="todos.ics"'
    answer["Cache-Control"] = "private, no-store"
    return answer
