"""This package against the published GFP-GAN, side by side."""
