"""Open data: what is published, and the rows of each data set."""
