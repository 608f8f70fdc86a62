"""Tables. No logic beyond constraints and simple queries; stages and rows meet in pipeline."""

from digest.models.clock import Occurrence
from digest.models.delivery import Delivery, QueuedMail
from digest.models.feedback import StoredEvent
from digest.models.gathered import (
    Appearance,
    Flag,
    Revision,
    SeenAddress,
    SourceState,
    StoredSummary,
)
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
    "Appearance",
    "AuditEntry",
    "Delivery",
    "EditorChoice",
    "Flag",
    "Issue",
    "IssueItem",
    "LedgerEntry",
    "Lesson",
    "Occurrence",
    "QueuedMail",
    "Restoration",
    "Revision",
    "SeenAddress",
    "SourceState",
    "StoredEvent",
    "StoredRendition",
    "StoredSummary",
]
