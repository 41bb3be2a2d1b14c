"""Bytes of a mail to clean text and typed data; pure functions."""
