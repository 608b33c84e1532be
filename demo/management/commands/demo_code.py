"""The second factor of the demo's staff, for whoever tries the demo."""

from allauth.mfa.models import Authenticator

from demo.commands import DemoCommand
from demo.people import PEOPLE, current_code


class Command(DemoCommand):
    """Print each staff account with the code that is valid now."""

    help = "시연용 담당자 계정의 2단계 인증번호를 보여 줍니다(시연에서만)."

    def handle(self, **options: object) -> None:
        """Print one line per account."""
        factors = Authenticator.objects.filter(type="totp").select_related("user")
        codes = {row.user.email: current_code(row) for row in factors}
        for person in PEOPLE:
            if person.email in codes:
                self.stdout.write(f"  {codes[person.email]}  {person.email:<26} {person.what}")
        self.stdout.write("  30초마다 바뀝니다. 쓴 번호는 다시 쓸 수 없습니다.")
