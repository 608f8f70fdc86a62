"""Tables. No logic beyond constraints and simple queries; stages and rows meet in pipeline."""

from digest.models.clock import Occurrence
from digest.models.delivery import Delivery, QueuedMail
from digest.models.feedback import StoredEvent
from digest.models.gathered import SourceState, StoredSummary
from digest.models.issue import (
    AuditEntry,
    EditorChoice,
    Issue,
    IssueItem,
    LedgerEntry,
    Lesson,
    StoredRendition,
)
from digest.models.restoration import Restoration

__all__ = [
    "AuditEntry",
    "Delivery",
    "EditorChoice",
    "Issue",
    "IssueItem",
    "LedgerEntry",
    "Lesson",
    "Occurrence",
    "QueuedMail",
    "Restoration",
    "SourceState",
    "StoredEvent",
    "StoredRendition",
    "StoredSummary",
]
