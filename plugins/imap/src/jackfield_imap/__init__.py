"""Any IMAP mailbox for Jackfield."""

from __future__ import annotations

from jackfield_imap.connector import ImapConnector

__all__ = ["ImapConnector"]
