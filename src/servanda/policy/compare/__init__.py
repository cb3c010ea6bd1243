"""What changed between two versions of a policy, and whether people must be told."""
