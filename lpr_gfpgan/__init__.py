"""Restoring licence-plate images with a GFP-GAN."""
