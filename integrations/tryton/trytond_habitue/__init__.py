# Copyright (C) 2026 Habitué contributors. SPDX-License-Identifier: GPL-3.0-or-later
"""Tryton module `habitue`: what Habitué knows about a customer, on the customer's form and in the list."""
