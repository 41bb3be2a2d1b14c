"""Bytes of a mail to clean, typed data: pure functions without I/O.

Import the module that you need, `jackfield.content.mime` before all; this one imports nothing,
so that reading the package's name costs nothing.
"""
