"""Who is signed in at the privacy centre: what they see, what they change themselves."""
