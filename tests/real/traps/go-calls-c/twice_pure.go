//go:build !cgo || pure

package main

func twice(a int) int { return a + a + 1 } // not the same: a program built without C is another one
