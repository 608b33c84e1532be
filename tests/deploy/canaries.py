"""The secrets of a journey through the composed processes, and where none of them may be read.

Each is a canary: a password, a wrong one, codes, links and tokens that were given, and every file
that the deployment holds.
"""

import re
import subprocess
import sys
import time
from contextlib import closing

import psycopg2
import requests
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from bench.stack import ROOT, Stack
from tests.applications.views.intake.filling import Controls
from tests.deploy.drive import ADDRESS, PASSWORD, Visitor
from tests.patience import PATIENCE

WRONG = "a wrong lantern 4711"
OTHER = "partner@compose.example"
LOGIN = "/accounts/login/"
HASH = re.compile(r'<code class="hash">\s*([^<\s]+)\s*</code>')


def gather(stack: Stack) -> dict[str, str]:
    """Sign in, set up an app, make a token, invite, reset; return every secret by name."""
    found = {"password": PASSWORD, "wrong password": WRONG}
    visitor, stranger = Visitor(stack), Visitor(stack)
    refused = post(
        stranger, LOGIN, {"login": ADDRESS, "password": WRONG}, stranger.read(LOGIN).text
    )
    assert "error" in refused.text
    visitor.send(LOGIN, {"login": ADDRESS, "password": PASSWORD})
    company = re.search(r"/companies/(\d+)/", visitor.read("/companies/").text)[0]
    visitor.send(company, {"act": "invite", "invite-email": OTHER, "invite-role": "editor"})
    found["invitation"] = re.search(r"/invitations/([\w-]+)", visitor.letter("/invitations/"))[1]
    visitor.read(f"/invitations/{found['invitation']}/")
    for path in (f"/invitations/{found['invitation']}x/", f"/partners/{found['invitation']}/"):
        assert visitor.client.get(stack.base_url + path, timeout=PATIENCE).status_code == 404

    confirm = "/accounts/reauthenticate/?next=/account/tokens/"
    visitor.send(confirm, {"password": PASSWORD})
    made = visitor.send("/account/tokens/", {"name": "erp", "scope": "read"})
    found["API token"] = HASH.search(made.text)[1]
    headers = {"Authorization": f"Bearer {found['API token']}"}
    mine = f"{stack.base_url}/api/v1/applications/"
    assert stack.session().get(mine, headers=headers, timeout=PATIENCE).status_code == 200

    app = "/accounts/2fa/totp/activate/"
    asked = visitor.read(app).text  # each reading makes a new secret
    found["secret of the app"] = HASH.search(asked)[1]
    code = format_hotp_value(hotp_value(found["secret of the app"], int(time.time()) // 30))
    page = post(visitor, app, {"code": code}, asked).text
    codes = re.findall(r"\b\d{8}\b", page)
    assert codes
    found |= {f"recovery code {place}": code for place, code in enumerate(codes)}
    found["session"] = visitor.client.cookies["__Host-sessionid"]

    stranger.send("/accounts/password/reset/", {"email": ADDRESS})
    link = re.search(r"/accounts/password/reset/key/([\w-]+)", stranger.letter("reset/key"))
    found["reset link"] = link[1]
    stranger.read(link[0] + "/")
    for file in (stack.folder / "secrets").iterdir():
        if text := file.read_text():
            found[file.name] = text
    return found


def post(visitor: Visitor, path: str, given: dict[str, str], page: str) -> requests.Response:
    """Send the form of a page that is open already, whatever comes back."""
    token = Controls(page).values["csrfmiddlewaretoken"][0]
    base = visitor.stack.base_url
    return visitor.client.post(
        base + path,
        data=given | {"csrfmiddlewaretoken": token},
        headers={"Referer": base + path},
        timeout=PATIENCE,
    )


def database(stack: Stack) -> str:
    """Return the URL of the owner of the tables."""
    given = stack.environments["migrate"]["DATABASE_URL"]
    password = (stack.folder / "secrets/database_owner_password").read_text()
    return given.replace("@", f":{password}@", 1) if password else given


def told(canaries: dict[str, str], text: str) -> list[str]:
    return [name for name, secret in canaries.items() if secret in text]


def logs(stack: Stack) -> str:
    return "".join(path.read_text(errors="replace") for path in stack.folder.glob("*.log"))


def broken(stack: Stack) -> requests.Response:
    """Sign in while a table is away, so that the portal fails for real; return its answer."""
    visitor = Visitor(stack)
    page = visitor.read(LOGIN).text
    rename = "ALTER TABLE {} RENAME TO {}"
    with closing(psycopg2.connect(database(stack))) as db:
        db.autocommit = True
        db.cursor().execute(rename.format("account_emailaddress", "away"))
        try:
            return post(visitor, LOGIN, {"login": ADDRESS, "password": PASSWORD}, page)
        finally:
            db.cursor().execute(rename.format("away", "account_emailaddress"))


def rows(stack: Stack) -> dict[str, str]:
    """Return every row of the database as text, by table."""
    found = {}
    with closing(psycopg2.connect(database(stack))) as db:
        cursor = db.cursor()
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            found[name] = "\n".join(row for (row,) in cursor.fetchall())
    return found


def printed(stack: Stack, *words: str, **more: str) -> str:
    """Return what a command prints, however it ends."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=stack.environments["web"] | more,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr
