"""Faults between a client and a real server."""
