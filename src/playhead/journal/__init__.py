"""The durable queue between capture and delivery: one SQLite file, group commit, acknowledged only after the fsync.

    items          what is waiting, oldest first; the local `id` never leaves this module
    flushes        which items a delivery flush holds: a range of local ids, committed before a store is written
    dead_letters   what a store refuses for good, with the reason
    totals         one row of counters, kept in the transactions that change them
    node           one row: the random id of this journal
    keys           one row once a master key is set: the journal's own key, wrapped; what is appended from then on has
                   meta and payload as envelopes of `stores.encryption`

Appends come from the capture processes (`Journal`), reading and confirming from the worker (`JournalQueue`). Local ids
are given in commit order and never again (AUTOINCREMENT), so a range of them names the same items for ever: that makes
beginning a flush one small row instead of one update per item.
"""

from playhead.journal.appending import Journal
from playhead.journal.database import JournalStats, together
from playhead.journal.keys import check_key, rewrap
from playhead.journal.queue import DeadLetter, Flush, JournalQueue

__all__ = [
    "DeadLetter",
    "Flush",
    "Journal",
    "JournalQueue",
    "JournalStats",
    "check_key",
    "rewrap",
    "together",
]
