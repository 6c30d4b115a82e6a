"""A fictional retailer with known truth: files in the formats of real sources, seeded, any size.

Nothing imports this folder; its truth stands beside the landing folder, where no pipeline looks.
"""
