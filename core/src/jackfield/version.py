"""The core's version, and the level of its contract."""

__version__ = "0.1.0"

API_LEVEL = 1
"""The level of the connector contract. Core supports this one and the one before."""
