"""On a real Spark: `make test-spark`."""
