"""What to do for a customer: a catalogue of actions, and up to three for each."""

from models.actions.catalogue import Action, Catalogue, read_catalogue
from models.actions.words import tell_action

__all__ = ["Action", "Catalogue", "read_catalogue", "tell_action"]
