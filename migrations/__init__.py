"""Database migrations. They run as the database's owner and make the roles that everything else runs as."""
