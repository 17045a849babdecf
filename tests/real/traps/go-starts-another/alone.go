//go:build alone

package main

func told() string { return "hello\n" }
