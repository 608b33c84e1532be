"""One application through the composed processes, as a person's browser would send it."""

from tests.deploy.stack import Stack


def drive_one_application(stack: Stack) -> None:
    """Go through the portal over HTTPS with `stack.session()` at `stack.base_url`.

    Mails land as files in `stack.mailbox`; the worker and beat of the file do the background work.
    """
    client = stack.session()
    programs = client.get(f"{stack.base_url}/api/v1/programs/", timeout=10)
    assert programs.status_code == 200, programs.text
    assert len(programs.json()["results"]) == 7
