"""Building themes: their code is others', and is held to limits in a folder and, as root, under a user of its own."""
