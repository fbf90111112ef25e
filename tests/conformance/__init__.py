"""Replays workflows that people wrote, with what was expected of them, where that corpus is there."""
