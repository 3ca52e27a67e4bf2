"""What tests share: waiting by probe, free ports, running programs, and which real components are here."""
