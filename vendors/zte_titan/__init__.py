"""ZTE TITAN: C600, C620 and C650, software V1.x and V2.x."""
