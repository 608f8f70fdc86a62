"""A file of people → members of one list, row by row, with a result that leaves nobody out.

tables   a CSV, TSV or XLSX → its columns, and its records as a stream
reading  a record → a person, or why there is none
run      batches of them → the list (law 4: an import never revives an opt-out), and on again
         after a stop
undo     an import back, but for what people did since
"""

from subscribers.importing.report import RESULTS, ImportReport, ImportRow
from subscribers.importing.run import import_people
from subscribers.importing.undo import Undone, undo_import

__all__ = ["RESULTS", "ImportReport", "ImportRow", "Undone", "import_people", "undo_import"]
