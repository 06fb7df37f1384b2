"""The JSON of scores, as it is stored and served; nobody else writes it.

A run's rows are written by column (``around_rank``), a few fresh scores one by one
(``by_row``), which is sooner done for less than some dozens.
"""
