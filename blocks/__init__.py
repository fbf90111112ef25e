"""The blocks that ship with Penstock: one file a block, in the folder of its category.

Beside the categories live the two languages that workflows carry within: `query`, in which the parameters of some
blocks are written, and `python`, in which users write blocks of their own.
"""
