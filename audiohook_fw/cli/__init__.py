"""The command `audiohook-fw`: one file for each command, and what they share."""
