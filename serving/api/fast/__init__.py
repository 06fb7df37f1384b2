"""The fast path: look-ups and scores of a few customers, around the framework.

It is one wrapper, put on by ``with_fast_path`` outside the middleware, and may be left
out: every answer that it gives, the app gives too. It answers a caller whose key was
valid a moment ago. tests/bench/lookups.py and tests/bench/predicts.py measure it.
"""

from serving.api.fast.wrapper import with_fast_path

__all__ = ["with_fast_path"]
