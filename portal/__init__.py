"""The ground: accounts, moves, jobs, notices, files and paper. It speaks no domain word."""
