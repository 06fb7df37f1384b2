"""``regulars.toml`` and the environment, read into frozen settings."""
