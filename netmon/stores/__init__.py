"""What must survive: one SQLAlchemy Core schema, on SQLite by default and on PostgreSQL by URL."""
