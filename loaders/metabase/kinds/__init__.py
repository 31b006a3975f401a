"""How each kind of object is read, created and changed: one module for each."""
