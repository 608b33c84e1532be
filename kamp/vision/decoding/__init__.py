"""Decoding of films and pictures in a limited child process."""
