"""Keys under which staff find companies."""

from django.db import models

from applications.models.company import Company


class CompanyKey(models.Model):
    """The end of a name, or a number, of a company (`rules.search.keys`).

    Written by `services.search` whenever a name, site or telephone changes.
    """

    pk = models.CompositePrimaryKey("company_id", "text")
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="keys", db_index=False
    )
    text = models.CharField(max_length=20)

    class Meta:
        verbose_name = "기업 검색어"
        verbose_name_plural = "기업 검색어"
        indexes = [
            # Whatever the order of letters in the database is: a beginning is a range of this index.
            models.Index(
                fields=["text", "company"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="company_key_text",
            ),
        ]

    def __str__(self) -> str:
        return self.text
