"""Pure decisions of the panel: who may not judge whom, ratings, assignment, rewards."""
