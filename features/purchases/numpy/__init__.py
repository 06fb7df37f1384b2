"""The features of the feature files, worked out in numpy: the same values, faster."""
