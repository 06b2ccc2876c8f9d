"""Outside systems, by what they do for us: each `base.py` says what, each other file is one provider."""
