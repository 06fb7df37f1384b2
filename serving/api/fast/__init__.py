"""The fast path of ``GET /v1/customers/{customer_id}``, the request of every page.

It is one wrapper around the whole app, put on by ``with_fast_look_ups``, and may be
left out: every answer that it gives, the app gives too. The benchmarks have a row for
what it gains (tests/bench/lookups.py).
"""

from serving.api.fast.look_ups import with_fast_look_ups

__all__ = ["with_fast_look_ups"]
