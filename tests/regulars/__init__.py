"""Tests of regulars."""
