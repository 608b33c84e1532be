"""Rules of rewards: the activity score and the award pool."""
