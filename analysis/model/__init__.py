"""Cost models of the papers: what theory expects of a trial.

Walk: layout (a trial's settings as the symbols of the papers) -> one file a model -> table (the
models by name, each a function of a layout). Costs are copies per entry: how often an entry is
written to storage on average, the first time by its flush; the log is not counted. A copy per entry
is the metric entries_written_per_entry, and B times the papers' I/Os per update, where B entries
are in a page and reads are not charged.
"""
# SPDX-License-Identifier: Apache-2.0
