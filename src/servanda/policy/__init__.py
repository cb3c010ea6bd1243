"""What we promised: the typed document, its versions, the promises it makes."""
