//go:build !alone

package main

import "os/exec"

func told() string {
	text, err := exec.Command("echo", "hello").Output()
	if err != nil {
		return err.Error()
	}
	return string(text)
}
