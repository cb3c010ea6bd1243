"""The privacy centre: the promises of the policy, request forms, the state of a request, and account pages."""
