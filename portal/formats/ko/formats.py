"""Days and instants that nobody has worded: as `kdate` and `kst` write them."""

DATE_FORMAT = "Y. n. j."
DATETIME_FORMAT = r"Y. n. j. H:i:s (\K\S\T)"
SHORT_DATE_FORMAT = DATE_FORMAT
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
