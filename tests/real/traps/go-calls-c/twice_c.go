//go:build cgo && !pure

package main

// static int twice(int a) { return 2 * a; }
import "C"

func twice(a int) int { return int(C.twice(C.int(a))) }
