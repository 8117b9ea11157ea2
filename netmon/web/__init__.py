"""What is served over HTTP: status page, JSON API, health, webhooks in, and the routes exporters hand over."""
