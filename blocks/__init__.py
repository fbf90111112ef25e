"""The blocks that ship with Penstock: one file a block, in the folder of its category."""
