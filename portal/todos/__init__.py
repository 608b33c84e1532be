"""What waits for people outside the ministry: their list, its calendar and its mails."""
