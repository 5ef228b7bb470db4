"""The other side of the line: OLTs that are not there, for tests, demos and rehearsals."""
