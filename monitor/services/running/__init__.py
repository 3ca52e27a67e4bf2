"""Commands a person runs in a workspace: their output as it comes, what they changed brought back."""
