"""Caps on what one file may ask of us. They hold before the file is parsed, so that a bomb costs its size and no more.

Source of the figures: reliability design §0 (measured costs of hostile files); the 32 MiB is the marketplace tools' own
cap for order files (data-shapes §6.8).
"""

FILE_BYTES = 32 * 1024 * 1024
"""Largest file that is read."""

TEXT_ROWS = 200_000
"""Most rows of a text, JSON or SQLite file; a longer file is refused whole, never read by half."""

SHEET_ROWS = 120_000
"""Most rows of one worksheet, so that a hundred thousand cards fit. A workbook costs about fifty times as much a row as
a CSV."""

SHEET_COLUMNS = 256
"""Cells to the right of this column of a worksheet are not looked at."""

FIELD_CHARS = 131_072
"""Longest field of a table, the limit of Python's csv module."""

COLUMNS = 2_000
"""Most fields in one row of a text table."""

QUOTED_LINES = 1_000
"""Most lines that one quoted field may span; beyond it the quote counts as never closed."""

ARCHIVE_ENTRIES = 2_000
"""Most members of an XLSX archive."""

ARCHIVE_BYTES = 160 * 1024 * 1024
"""Largest declared size of all members of an XLSX archive together."""

ARCHIVE_RATIO = 200
"""Largest factor by which one member above 1 MiB may have been compressed (an honest sheet stays below 40)."""

JSON_DEPTH = 24
"""How deep we look for shapes inside a JSON document."""

CARD_CHARS = 512
"""Longest card code; the longest known are redemption links."""

NAME_CHARS = 120
"""Longest nickname kept, as wide as the column that holds it."""

MESSAGE_CHARS = 20_000
"""Longest single message of a pasted chat; a longer one is no longer a message but a mistaken file."""
