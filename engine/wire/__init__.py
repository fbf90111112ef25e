"""Values as they travel: what comes from outside is decoded, what goes out is encoded."""
