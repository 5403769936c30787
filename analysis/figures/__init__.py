"""One file a kind of figure: docstring (title, then caption) and draw(page, trials, ...).

Kinds are found by file name; there is nothing to register. analysis/README.md says how to add one.
"""
# SPDX-License-Identifier: Apache-2.0
