"""What the doors ask about everything that was kept: looked at (`reading`) and acted on (`acting`)."""
