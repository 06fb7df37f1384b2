"""Contracts: what is planned of them."""
