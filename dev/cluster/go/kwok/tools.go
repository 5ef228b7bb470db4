//go:build tools

// Package kwok names the program that plays a cluster's nodes; kubernetes pins other versions of the same libraries.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
