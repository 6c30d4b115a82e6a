"""What runs before or around the product: set-up, Java, jars, tool servers."""
