"""Accounts in the privacy centre: sign-in, what is shown, what people change themselves."""
