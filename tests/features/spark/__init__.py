"""The door and the features on Spark."""
