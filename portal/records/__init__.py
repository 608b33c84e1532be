"""Workflow, audit chain, snapshots, database guards and incidents."""
