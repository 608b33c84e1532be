"""Mails as rows of an outbox, sent by a worker."""
