"""The privacy policy: the typed document, its editions, and its promises."""
