"""The common models that every platform maps to."""

from jackfield.models.account import Account
from jackfield.models.base import Model, UtcTime
from jackfield.models.contact import Address, Contact
from jackfield.models.draft import Draft, SendResult, Upload
from jackfield.models.email import MailAuthentication, UnifiedEmail
from jackfield.models.invitation import Invitation
from jackfield.models.item import Attachment, Item, Kind, Trust
from jackfield.models.meeting import Attendee, UnifiedMeeting
from jackfield.models.message import Reaction, UnifiedMessage
from jackfield.models.note import UnifiedNote
from jackfield.models.source import SourceType
from jackfield.models.thread import AnyItem, Thread

__all__ = [
    "Account",
    "Address",
    "AnyItem",
    "Attachment",
    "Attendee",
    "Contact",
    "Draft",
    "Invitation",
    "Item",
    "Kind",
    "MailAuthentication",
    "Model",
    "Reaction",
    "SendResult",
    "SourceType",
    "Thread",
    "Trust",
    "UnifiedEmail",
    "UnifiedMeeting",
    "UnifiedMessage",
    "UnifiedNote",
    "Upload",
    "UtcTime",
]
