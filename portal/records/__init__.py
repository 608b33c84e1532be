"""What happened: moves between states, the audit chain, snapshots, guards, incidents."""
