"""The same door and the same feature files on Apache Spark."""
