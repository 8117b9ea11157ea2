"""HTTP: status page, JSON API, health, and the routes exporters hand over. The only room that knows FastAPI."""
