"""Tests of the peers themselves."""
