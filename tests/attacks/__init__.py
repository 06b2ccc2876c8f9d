"""Attacks: what a client may send or leave unsent, and that nobody else notices."""
