"""Read-only look-ups in AWS accounts: which name, owner and place each address has."""
