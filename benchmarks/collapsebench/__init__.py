"""CollapseBench: datasets whose effect on training is measured, and how often the detector is wrong about them."""
