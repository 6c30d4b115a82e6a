"""One message per night that failed or warned, to the channels of the retailer file; never one per row or rule."""
