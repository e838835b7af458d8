"""The transition table of design/domain.md §7.3, copied by hand: what the code's own table is judged against."""

OPEN = {"new", "needs_response", "waiting_buyer", "offer_made", "agreed", "executing", "declined", "under_review"}
RESOLVED = {"settled", "won", "partially_won", "lost", "withdrawn"}
ALL = OPEN | RESOLVED | {"closed"}

# row: (event, from, to); to None means the status stays
DESIGN = {
    "T1": ("opened", {None}, {"new"}),
    "T2": ("triaged", {"new"}, {"needs_response"}),
    "T3": ("evidence_asked", {"needs_response"}, {"waiting_buyer"}),
    "T4": ("answered", {"waiting_buyer"}, {"needs_response"}),
    "T5": ("offered", {"needs_response", "waiting_buyer"}, {"offer_made"}),
    "T6": ("accepted", {"offer_made"}, {"agreed"}),
    "T7": ("offer_ended", {"offer_made"}, {"needs_response"}),
    "T8": ("conceded", {"needs_response", "declined"}, {"agreed"}),
    "T9": ("executed", {"agreed"}, {"executing"}),
    "T10": ("verified", {"executing"}, {"settled"}),
    "T11": ("execution_failed", {"executing"}, {"needs_response"}),
    "T12": ("declined", {"needs_response", "waiting_buyer"}, {"declined"}),
    "T13": ("escalated", {"declined"}, {"under_review"}),
    "T14": ("stepped_in", OPEN - {"executing"}, {"under_review"}),
    "T15": ("more_evidence_asked", {"under_review"}, {"needs_response"}),
    "T16": ("pack_submitted", {"needs_response"}, {"under_review"}),
    "T17": ("ruled", {"under_review"}, {"won", "partially_won", "lost"}),
    "T18": ("appealed", {"lost", "partially_won"}, {"under_review"}),
    "T19": ("buyer_appealed", {"won"}, {"under_review"}),
    "T20": ("reapplied", {"declined"}, {"needs_response"}),
    "T21": (
        "withdrawn",
        {"new", "needs_response", "waiting_buyer", "offer_made", "declined", "under_review"},
        {"withdrawn"},
    ),
    "T22": ("timed_out", {"new", "needs_response", "waiting_buyer", "offer_made"}, {"lost"}),
    "T23": ("closed", RESOLVED, {"closed"}),
    "T24": ("reopened", {"settled", "won", "withdrawn", "closed"}, {"needs_response"}),
    "T25": ("synced", ALL, None),
    "T26": ("hold_changed", OPEN, None),
    # docs/decisions/0006: what the seller did in the App without us
    "T27": ("paid_elsewhere", {"new", "needs_response", "waiting_buyer", "offer_made", "agreed"}, {"settled"}),
    "T28": ("refused_elsewhere", {"new", "needs_response", "waiting_buyer", "offer_made"}, {"declined"}),
    # docs/decisions/0007: two cases of one complaint
    "T29": ("merged", {"new", "needs_response", "waiting_buyer", "declined"}, {"closed"}),
    "T30": ("doubted", {"needs_response"}, {"new"}),
}

NOT_OFFERED = {"T4", "T10", "T11", "T15", "T16", "T18", "T19", "T20", "T24", "T25", "T26"}

# Who may make each move, of: owner, lead, agent, auditor, system, platform, buyer, supplier. Staff act or record.
_OWNER, _DECIDERS, _WORKERS = {"owner"}, {"owner", "lead"}, {"owner", "lead", "agent"}
WHO = {
    "T1": _WORKERS | {"system"},
    "T2": _WORKERS | {"system"},
    "T3": _WORKERS,
    "T5": _WORKERS,
    "T6": _WORKERS | {"buyer"},
    "T7": _WORKERS | {"system", "buyer"},
    "T8": _WORKERS,
    "T9": _OWNER,
    "T12": _DECIDERS,
    "T13": _DECIDERS | {"buyer"},
    "T14": _WORKERS | {"platform"},
    "T17": _WORKERS | {"platform"},
    "T21": _WORKERS | {"platform", "buyer"},
    "T22": _WORKERS | {"platform"},
    "T23": {"system"},
    "T27": _WORKERS | {"platform"},
    "T28": _WORKERS | {"platform"},
    "T29": _WORKERS | {"system"},
    "T30": {"system"},
}
