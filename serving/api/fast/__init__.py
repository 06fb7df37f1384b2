"""The fast path: look-ups and scores outside the middleware, equal to the plain one."""
