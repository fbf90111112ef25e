"""What there is, and what a workflow takes and gives, said so that editors of workflows can offer it."""
