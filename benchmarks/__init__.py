"""Accuracy and time, measured; each module prints its checks as JSON on its last line."""
