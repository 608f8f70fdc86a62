"""Backup and restore: every row of the site → one sealed file → rows again, on either database.

    dump     rows of one snapshot as JSON lines, and back into rows
    seal     the file: encrypted in chunks, each bound to its place
    verify   reading a file whole before anybody trusts it
    write    dump → seal → verify, and only then the file's name
    restore  a file → an empty database, which may not send yet
    paused   what keeps it from sending, and the one who lets it
    replay   who left since the backup leaves again
    begun    an issue that went out since is not sent again

In: the database, the data keys, the departures file. Out: a file, or rows. Nobody who left, was
suppressed or erased after a backup gets a mail from its restored rows (laws 3 and 4).
"""
