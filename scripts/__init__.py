"""What runs before or around the product: set-up, Java, jars, tool servers. Standard library and what set-up installed."""
