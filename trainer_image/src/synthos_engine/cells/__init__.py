"""Tables and series as cells: every value one of a few bins of its column, and small networks over them."""
