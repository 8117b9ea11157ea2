"""What operators write: YAML and CSV become validated settings and inventory, mistakes become sentences."""
