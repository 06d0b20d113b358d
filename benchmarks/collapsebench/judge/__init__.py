"""The pre-registered judge: it decides what a candidate's effect is, and the detector never sees it."""
