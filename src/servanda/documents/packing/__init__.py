"""What a person's copy is made of: values in three forms, files of a zip, what the policy says, a page to read."""
