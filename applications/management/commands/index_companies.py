"""Write the search keys of companies that have none: `manage.py index_companies`; repeatable."""

from django.core.management.base import BaseCommand

from applications.services import search


class Command(BaseCommand):
    help = "검색어가 없는 기업의 검색어를 만듭니다(반복해도 안전)."

    def handle(self, **options: object) -> None:
        if count := search.learn_missing():
            self.stdout.write(f"기업 {count:,}곳의 검색어를 만들었습니다.")
