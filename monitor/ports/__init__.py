"""What services need from the world, as prose first: promises, timing, exceptions."""
