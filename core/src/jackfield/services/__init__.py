"""What can be asked of all accounts at once."""

from jackfield.services.changing import ChangeService, ItemChange
from jackfield.services.downloading import DownloadService
from jackfield.services.listing import (
    ItemService,
    ListOptions,
    UnifiedInboxService,
    UnifiedMessageService,
)
from jackfield.services.mailing import MailService
from jackfield.services.searching import SearchOptions, SearchService
from jackfield.services.states import DEADLINE, OFFLINE, source_failed
from jackfield.services.syncing import AccountSync, SyncService

__all__ = [
    "DEADLINE",
    "OFFLINE",
    "AccountSync",
    "ChangeService",
    "DownloadService",
    "ItemChange",
    "ItemService",
    "ListOptions",
    "MailService",
    "SearchOptions",
    "SearchService",
    "SyncService",
    "UnifiedInboxService",
    "UnifiedMessageService",
    "source_failed",
]
