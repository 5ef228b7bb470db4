"""A real Kubernetes control plane on this machine. Its nodes are played by kwok: pods are scheduled, and run nothing."""
