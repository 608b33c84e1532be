"""Print the current sign-in codes of the demo's staff."""

from allauth.mfa.models import Authenticator

from demo.commands import DemoCommand
from demo.people import PEOPLE, current_code


class Command(DemoCommand):
    """`demo_code`: each staff account with its second factor."""

    help = "시연용 담당자 계정의 2단계 인증번호를 보여 줍니다(시연에서만)."

    def handle(self, **options: object) -> None:
        factors = Authenticator.objects.filter(type="totp").select_related("user")
        codes = {row.user.email: current_code(row) for row in factors}
        for person in PEOPLE:
            if person.email in codes:
                self.stdout.write(f"  {codes[person.email]}  {person.email:<26} {person.what}")
        self.stdout.write("  30초마다 바뀝니다. 쓴 번호는 다시 쓸 수 없습니다.")
