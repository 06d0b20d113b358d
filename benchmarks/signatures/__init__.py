"""The signature library, learnt from CollapseBench's development split: `make signatures`."""
