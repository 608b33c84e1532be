"""Firms that walk from the list of programmes to their filing's status, each with a browser.

`python -m bench.walk PLAN`, where PLAN is a JSON file, prints one JSON document. Like `bench.load`
it connects to 127.0.0.1 only. A firm's draft is complete when it begins; it corrects it on the way.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lxml import html

from bench.browser import Browser, File, Page, sent_fields
from bench.cpu import Meter
from bench.load import ANSWER_SECONDS, Answer, Sender

OK, TICKET, REDIRECT, UNAVAILABLE = 200, 202, 302, 503
FAULTS = (OSError, EOFError, TimeoutError, ValueError, KeyError)
PAUSE = 0.1  # seconds on average between two requests of a firm, so that firms mix
UPLOAD_BYTES = 1_000_000
LIST, AUTOSAVE, FILING = "my applications", "autosave", "filing"
PRESS, UPLOAD = "step saved and left", "upload of 1 MB"
# The steps that save while somebody types, and how often in them: a dozen (assumption).
AUTOSAVES = {"company": 1, "plan": 6, "cost": 2, "declarations": 3}
STEPS = ("company", "plan", "cost", "partners", "documents", "declarations")


@dataclass(frozen=True)
class WalkPlan:
    """Who walks where. `firms` are pairs of the application's key and the session's cookies.

    With `rate` that many firms begin each second for `seconds`, each over a connection of its own.
    Without, all open the first page over `connections`, then all the second, and so on, and the
    processor time of every page is read with `meter`: pid of the gunicorn, URL of the database.
    `patient` firms come back when they are asked to: after a 503, and with a ticket for their filing.
    """

    port: int
    firms: list[tuple[int, dict[str, str]]]
    programme: str
    rate: float = 0
    seconds: float = 0
    connections: int = 4
    meter: tuple[int, str] | None = None
    patient: bool = False


@dataclass
class Visits:
    """What the visits of one page took: seconds of each answer, and of the processors in all."""

    seconds: list[float] = field(default_factory=list)
    web: float = 0
    postgres: float = 0


@dataclass
class WalkResult:
    """Visits by page in the order of the way, how many firms have filed, and what went wrong.

    `shed` counts the answers 503 by page; `tickets` has the application and the instant (seconds
    since 1970) of every filing that was answered with a ticket, `redeemed` those that were filed.
    """

    visits: dict[str, Visits] = field(default_factory=dict)
    filed: int = 0
    failed: list[str] = field(default_factory=list)
    duration: float = 0
    shed: dict[str, int] = field(default_factory=dict)
    tickets: dict[int, float] = field(default_factory=dict)
    redeemed: int = 0


class Refused(Exception):
    """A page did not answer as it does when all is well."""

    def __init__(self, answer: Answer) -> None:
        self.status, self.headers = answer.status, answer.headers
        super().__init__(f"{answer.status}: {Page(answer).heading if answer.body else ''}")


class GaveUp(Exception):
    """A firm does not get any further."""


class Firm:
    """One firm on its way: its browser and the form in front of it."""

    def __init__(self, number: int, cookies: dict[str, str], programme: str) -> None:
        self.number, self.programme = number, programme
        self.own = f"/applications/{number}/"
        self.browser = Browser(dict(cookies))
        self.form: html.FormElement | None = None
        self.page: Page | None = None
        self.turn = 0

    async def open(self, sender: Sender, path: str, form: str = "") -> Answer:
        """Open a page, and take the form on it that the XPath condition names."""
        answer = _expect(await self.browser.get(sender, path), OK)
        if form:
            self.page = Page(answer)
            self.form = self.page.form(form)
        return answer

    async def follow(self, sender: Sender, path: str) -> Answer:
        """Open an address that leads on."""
        return _expect(await self.browser.get(sender, path), REDIRECT)

    async def autosave(self, sender: Sender) -> Answer:
        """Change one answer and save the form as the script does."""
        self.turn += 1
        retype(self._form, self.turn)
        path = self._form.get("data-autosave")
        answer = _expect(await self.browser.save(sender, path, sent_fields(self._form)), OK)
        saved = json.loads(answer.body)
        for name in ("version", "based"):  # the next one changes what this one left there
            if name in saved:
                self._form.fields[name] = str(saved[name])
        return answer

    async def reread(self, sender: Sender, path: str) -> Answer | None:
        """Read the page again where sums on it are worked out by the server; None elsewhere."""
        if self.page is None or not self.page.has("//*[@data-reread]"):
            return None
        return _expect(await self.browser.get(sender, path), OK)

    async def press(self, sender: Sender, path: str, **button: str) -> Answer:
        return _expect(
            await self.browser.post(sender, path, sent_fields(self._form, **button)), REDIRECT
        )

    async def upload(self, sender: Sender, path: str) -> Answer:
        paper = File("견적서.pdf", "application/pdf", pdf_of(UPLOAD_BYTES))
        fields = sent_fields(self._form)
        return _expect(await self.browser.post(sender, path, fields, ("files", paper)), REDIRECT)

    @property
    def _form(self) -> html.FormElement:
        if self.form is None:
            raise GaveUp("no form is open")
        return self.form


Act = Callable[[Firm, Sender], Awaitable[Answer | None]]


def way() -> Iterator[tuple[str, Act]]:
    """Yield the requests of a firm in order, each with the name of its page."""
    yield "programme list", lambda firm, sender: firm.open(sender, "/programs/")
    yield "programme page", lambda firm, sender: firm.open(sender, firm.programme)
    yield LIST, lambda firm, sender: firm.open(sender, "/applications/")
    yield "draft's page", lambda firm, sender: firm.open(sender, firm.own)
    for step in STEPS:
        yield from _step(step)
    yield (
        "review page",
        lambda firm, sender: firm.open(
            sender, f"{firm.own}review/", f"@action='{firm.own}submit/'"
        ),
    )
    yield FILING, lambda firm, sender: firm.press(sender, f"{firm.own}submit/", confirmed="on")
    yield "filed application's page", lambda firm, sender: firm.open(sender, firm.own)


def _step(step: str) -> Iterator[tuple[str, Act]]:
    def path(firm: Firm) -> str:
        return f"{firm.own}edit/{step}/"

    if step == "documents":
        empty = ".//input[@type='file'] and not(ancestor::section//input[@value='remove'])"
        yield f"step {step}", lambda firm, sender: firm.open(sender, path(firm), empty)
        yield UPLOAD, lambda firm, sender: firm.upload(sender, path(firm))
        yield f"step {step}", lambda firm, sender: firm.open(sender, path(firm))
    elif step not in AUTOSAVES:
        yield f"step {step}", lambda firm, sender: firm.open(sender, path(firm))
    else:
        yield f"step {step}", lambda firm, sender: firm.open(sender, path(firm), "@data-autosave")
        for _ in range(AUTOSAVES[step]):
            yield AUTOSAVE, lambda firm, sender: firm.autosave(sender)
            if step == "cost":
                yield "step cost, read again", lambda firm, sender: firm.reread(sender, path(firm))
        yield PRESS, lambda firm, sender: firm.press(sender, path(firm), act="next")


def retype(form: html.FormElement, turn: int) -> None:
    """Change one answer so that the form stays complete: a text, else a number, else a choice."""
    texts = [one for one in form.iter("textarea") if one.value]
    if texts:
        texts[0].value = f"{texts[0].value[:-1]}{turn % 10}"
        return
    numbers = [one for one in form.inputs if _is_number(one)]
    if numbers:
        numbers[-1].value = str(int(numbers[-1].value.replace(",", "")) + 1)
        return
    names = [one.name for one in form.xpath(".//input[@type='radio']")]
    choices = form.inputs[names[-1]]
    choices.value = next(value for value in choices.value_options if value != choices.value)


def _is_number(control: Any) -> bool:
    typed = control.tag == "input" and control.get("type", "text") in ("text", "number")
    return typed and (control.get("value") or "").replace(",", "").isdigit()


def pdf_of(size: int) -> bytes:
    """Return a PDF of one empty page and this many bytes, unlike any other."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    filling = os.urandom(size // 2).hex().encode()
    objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(filling), filling))
    written, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return written + (
        b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(written))
    )


def _expect(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise Refused(answer)
    return answer


async def page_by_page(plan: WalkPlan, result: WalkResult) -> None:
    """Let all firms open one page after the other and read the processors between."""
    firms = [Firm(number, cookies, plan.programme) for number, cookies in plan.firms]
    senders = [Sender(plan.port) for _ in range(plan.connections)]
    free: asyncio.Queue[Sender] = asyncio.Queue()
    for sender in senders:
        free.put_nowait(sender)
    meter = Meter(*plan.meter) if plan.meter else None

    @asynccontextmanager
    async def connected() -> AsyncIterator[Sender]:
        sender = await free.get()
        try:
            yield sender
        finally:
            free.put_nowait(sender)

    async def visit(firm: Firm, name: str, act: Act) -> None:
        async with connected() as sender:
            await Visit(plan, firm, sender, result).make(name, act)

    for name, act in way():
        before = meter.read() if meter else None
        await asyncio.gather(*(visit(firm, name, act) for firm in firms))
        if meter and before:
            used = meter.read() - before
            result.visits[name].web += used.web
            result.visits[name].postgres += used.postgres
    for sender in senders:
        await sender.close()


async def arriving(plan: WalkPlan, result: WalkResult) -> None:
    """Let firms begin at the rate, each walking on as it is answered."""
    count = min(len(plan.firms), int(plan.rate * plan.seconds))
    started = time.perf_counter()
    pauses = random.Random(1)  # noqa: S311 - not a secret

    async def begin(number: int) -> None:
        await asyncio.sleep(max(0.0, started + number / plan.rate - time.perf_counter()))
        key, cookies = plan.firms[number]
        firm, sender = Firm(key, cookies, plan.programme), Sender(plan.port)
        try:
            for name, act in way():
                await Visit(plan, firm, sender, result).make(name, act)
                await asyncio.sleep(pauses.expovariate(1 / PAUSE))
        except GaveUp as error:
            result.failed.append(str(error))
        finally:
            await sender.close()

    await asyncio.gather(*(begin(number) for number in range(count)))
    result.duration = time.perf_counter() - started


@dataclass
class Visit:
    """One firm's request for one page, again and again if it is asked to come back."""

    plan: WalkPlan
    firm: Firm
    sender: Sender
    result: WalkResult

    async def make(self, name: str, act: Act) -> None:
        """Make the request and note what it took. Raises GaveUp with the page's name."""
        visits = self.result.visits.setdefault(name, Visits())
        while True:
            began = time.time()
            try:
                answer = await self._try(act)
            except Refused as refused:
                if self.plan.patient and refused.status == TICKET and name == FILING:
                    self.result.tickets[self.firm.number] = began
                    visits.seconds.append(self.firm.browser.took)
                    return await self._redeem(refused)
                if not (self.plan.patient and refused.status == UNAVAILABLE):
                    raise GaveUp(f"{name}: {refused}") from refused
                self.result.shed[name] = self.result.shed.get(name, 0) + 1
                await _wait(refused.headers["retry-after"])
            except FAULTS as error:
                raise GaveUp(f"{name}: {type(error).__name__}: {error}") from error
            else:
                if answer is not None:
                    visits.seconds.append(self.firm.browser.took)
                self.result.filed += name == FILING
                return None

    async def _try(self, act: Act) -> Answer | None:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await act(self.firm, self.sender)

    async def _redeem(self, given: Refused) -> None:
        """Send the ticket as its page does, until it is filed. Raises GaveUp."""
        path = given.headers["refresh"].partition("; url=")[2]

        async def follow(firm: Firm, sender: Sender) -> Answer:
            return await firm.follow(sender, path)

        while given.status in (TICKET, UNAVAILABLE):
            seconds = given.headers.get("refresh", "").partition(";")[0]
            await _wait(seconds or given.headers["retry-after"], spread=False)
            try:
                await self._try(follow)
            except Refused as again:
                given = again
            except FAULTS as error:
                raise GaveUp(f"ticket: {type(error).__name__}: {error}") from error
            else:
                self.result.redeemed += 1
                self.result.filed += 1
                return
        raise GaveUp(f"ticket: {given}")


async def _wait(seconds: str, *, spread: bool = True) -> None:
    await asyncio.sleep(int(seconds) * (random.uniform(1, 2) if spread else 1))  # noqa: S311


async def walk(plan: WalkPlan) -> WalkResult:
    """Walk as planned. Raises GaveUp when a page fails while walking page by page."""
    result = WalkResult()
    await (arriving if plan.rate else page_by_page)(plan, result)
    return result


def main(arguments: Sequence[str]) -> None:
    plan: dict[str, Any] = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    json.dump(asdict(asyncio.run(walk(WalkPlan(**plan)))), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
