"""Living under `/name/`: how an app is told, what is put right in its answers, and whether it worked."""
