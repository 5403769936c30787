"""One file a kind of check: docstring and check(trials, ...) -> Outcome.

Kinds are found by file name; there is nothing to register. Every parameter has a type, by which the
program finds its name without running Python. analysis/README.md says how to add one.
"""
# SPDX-License-Identifier: Apache-2.0
