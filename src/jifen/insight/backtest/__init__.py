"""The back-test: a draft and a baseline over the same history, bucket by bucket. It reads a snapshot and writes nothing.

`compare.compare` answers a `result.Result`; `books.differences` proves that the live programme replayed gives the books.
"""
