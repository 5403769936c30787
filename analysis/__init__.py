"""From a results directory to figures and a report.

Walk: records (read) -> series (what is compared) -> summary (statistics) -> figures/*.py (draw)
-> report (one page). Nothing here runs a trial; everything is computed from the files that
docs/results.md defines.
"""
# SPDX-License-Identifier: Apache-2.0
