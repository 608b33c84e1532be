"""An app of the tests: work that takes a while."""
