"""ZXAN and TITAN OLTs that are not there: what their two command lines share, over the shared model."""
